/** A host by RTMP and guests, one of them made up with clocks and a network of its own: all flash and beep. */
import { StageDirector } from "@lianmai/bench/stage-director";
import { startBrowser, until } from "@lianmai/e2e/browser";
import { publish } from "@lianmai/e2e/publisher";
import { type Recorder, record } from "@lianmai/e2e/record";
import { type Stack, startStack } from "@lianmai/e2e/stack";
import { FLASH_EVERY_MS, FLASH_MS, flashFilter } from "@lianmai/ingest/testing/flash-show";
import type { Browser, Page } from "playwright-core";
import { goFirst } from "../right-of-way.ts";
import { BEEP_AFTER_MS, flashDevices } from "./flash-devices.ts";
import { type MadeGuest, makeGuest, type Troubles } from "./made-guest.ts";
import type { Area } from "./read-onsets.ts";

const SLUG = "torture-sync";
const PASSWORD = "correct horse battery";
const SOURCE = { size: "640x360", bitsPerSecond: 800_000 };
const RUNG = "360p";
const STEP_BUDGET_MS = 60_000;
export const HOST = "host";
/** Multiples of 100 Hz apart, so that none is heard in another's place. */
const HOST_HZ = 400;
const GUESTS = [
  { name: "ann", hertz: 700 },
  { name: "bob", hertz: 1_100 },
  { name: "cai", hertz: 1_500 },
  { name: "dee", hertz: 1_900 },
  { name: "eve", hertz: 2_300 },
] as const;
/** Sound that a made guest has ready beyond the show. */
const SPARE_S = 180;
/** Painting is most of what a browser without a graphics card does. */
const VIEWPORT = { width: 360, height: 480 };
const UNSEEN = `addEventListener("DOMContentLoaded", () => {
  document.head.append(Object.assign(document.createElement("style"), {
    textContent: "video { display: none !important } * { animation: none !important; transition: none !important }",
  }));
})`;

/** How a guest takes part; `browser`: in Chromium, on the machine's own network and clocks. */
export interface Part {
  readonly offsetMs: number;
  readonly troubles: Troubles | "browser";
}

/** Somebody in the programme, and where. */
export interface Seen {
  readonly name: string;
  readonly hertz: number;
  readonly area: Area;
  /** Beeps come so long after their flashes at their source. */
  readonly beepAfterMs: number;
}

export interface SyncShow {
  /** Everybody, with their places in the picture. */
  seen(): Promise<readonly Seen[]>;
  record(): Recorder;
  /** By guest, what became of the packets of those that have a network of their own. */
  networks(): Readonly<Record<string, ReturnType<MadeGuest["network"]>>>;
  close(): Promise<void>;
}

interface RoomView {
  readonly live: null | { readonly at: string; readonly programId: string };
}

/** Starts it all, everybody on air in a grid. */
export async function startSyncShow(options: {
  readonly seconds: number;
  readonly hostOffsetMs: number;
  readonly guests: readonly Part[];
}): Promise<SyncShow> {
  if (options.guests.length > GUESTS.length) throw new Error(`at most ${GUESTS.length} guests`);
  const cleanUp = new AsyncDisposableStack();
  try {
    return await open(options, cleanUp);
  } catch (error) {
    await cleanUp.disposeAsync();
    throw error;
  }
}

async function open(
  options: { readonly seconds: number; readonly hostOffsetMs: number; readonly guests: readonly Part[] },
  cleanUp: AsyncDisposableStack,
): Promise<SyncShow> {
  const stack = await startStack();
  cleanUp.defer(() => stack.stop());
  const { key } = await stack.room(SLUG, { graceMs: 60_000 });
  const encoder = publish({
    ...{ url: `${stack.rtmpUrl}/${key}`, ...SOURCE },
    ...{ filter: flashFilter("t"), sound: beepSource(options.hostOffsetMs) },
  });
  cleanUp.defer(() => encoder.kill());
  cleanUp.defer(await goFirst(encoder.process.pid));
  const room = () => stack.api<RoomView>("GET", `/api/v1/rooms/${SLUG}`);
  const { live } = await until("the programme", room, (view) => view.live?.at === "live", { budgetMs: STEP_BUDGET_MS });
  const director = await StageDirector.enter(stack, SLUG);
  cleanUp.defer(() => director.leave());
  const seat = async (name: string): Promise<void> => {
    const participantId = await director.awaitGuest(name, "asking");
    const { code } = await director.direct({ kind: "to-seat", participantId });
    if (code !== "done") throw new Error(`a seat for ${name}: ${code}`);
  };
  const made: MadeGuest[] = [];
  let browser: Browser | undefined;
  for (const [at, { offsetMs, troubles }] of options.guests.entries()) {
    const { name, hertz } = GUESTS[at] as (typeof GUESTS)[number];
    if (troubles === "browser") {
      browser ??= await launch(cleanUp);
      const page = await openPage(browser, stack, { name, hertz, offsetMs });
      await page.getByRole("button", { name: "Raise hand", exact: true }).click();
      await seat(name);
      await page.getByText("You are on air").waitFor();
    } else {
      const beeps = { hertz, offsetMs, seconds: options.seconds + SPARE_S };
      const guest = await makeGuest(stack, { room: SLUG, name, password: PASSWORD, beeps, troubles });
      cleanUp.defer(() => guest.leave());
      await guest.ask();
      await seat(name);
      await guest.appear();
      made.push(guest);
    }
  }
  await stack.api("PUT", `/api/v1/rooms/${SLUG}/layout`, { kind: "grid" });
  const playlist = `${stack.url}/live/${SLUG}/${live?.programId}/${RUNG}/media.m3u8`;
  return {
    seen: () => placesOf(playlist, options.guests),
    record: () => record(playlist, { fromNext: true }),
    networks: () => Object.fromEntries(made.map((guest) => [guest.name, guest.network()])),
    close: () => cleanUp.disposeAsync(),
  };
}

/** The encoder's sound: a beep with each flash of {@link flashFilter}. */
const beepSource = (offsetMs: number): string =>
  `aevalsrc=exprs='0.2*sin(2*PI*${HOST_HZ}*t)*lt(mod(t+${(FLASH_EVERY_MS - offsetMs) / 1_000},${FLASH_EVERY_MS / 1_000}),${FLASH_MS / 1_000})':s=48000`;

async function launch(cleanUp: AsyncDisposableStack): Promise<Browser> {
  const browser = await startBrowser({ devices: true });
  cleanUp.defer(() => browser.close());
  return browser;
}

async function openPage(
  browser: Browser,
  stack: Stack,
  guest: { readonly name: string; readonly hertz: number; readonly offsetMs: number },
): Promise<Page> {
  const context = await browser.newContext({ locale: "en-US", viewport: VIEWPORT });
  await context.addInitScript(flashDevices(guest));
  await context.addInitScript(UNSEEN);
  await context.request.post(`${stack.url}/api/v1/users`, { data: { name: guest.name, password: PASSWORD } });
  const page = await context.newPage();
  page.setDefaultTimeout(STEP_BUDGET_MS);
  await page.goto(`${stack.url}/join/${SLUG}`);
  return page;
}

interface Layout {
  readonly kind: string;
  readonly canvas: { readonly width: number; readonly height: number };
  readonly tiles: readonly (Area & { readonly name: string; readonly media: string })[];
}

/** As the newest layout in the playlist says, once everybody's camera is in it. */
async function placesOf(playlist: string, parts: readonly Part[]): Promise<readonly Seen[]> {
  const layout = await until(
    "everybody in the picture",
    async () => {
      const text = await (await fetch(playlist)).text();
      const value = [...text.matchAll(/CLASS="lianmai\.layout".*X-LAYOUT="([\w-]+)"/g)].at(-1)?.[1] ?? "bnVsbA";
      return JSON.parse(Buffer.from(value, "base64url").toString()) as Layout | null;
    },
    (found) =>
      found?.kind === "grid" && found.tiles.filter(({ media }) => media === "camera").length === parts.length + 1,
    { budgetMs: STEP_BUDGET_MS },
  );
  const { canvas, tiles } = layout as Layout;
  return tiles.map((tile) => {
    const at = GUESTS.findIndex(({ name }) => name === tile.name);
    const { name, hertz } = GUESTS[at] ?? { name: HOST, hertz: HOST_HZ };
    const area = {
      ...{ x: tile.x / canvas.width, width: tile.width / canvas.width },
      ...{ y: tile.y / canvas.height, height: tile.height / canvas.height },
    };
    return { name, hertz, area, beepAfterMs: parts[at]?.troubles === "browser" ? BEEP_AFTER_MS : 0 };
  });
}
