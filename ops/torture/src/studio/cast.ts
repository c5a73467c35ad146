/** A show that an encoder feeds, a host who directs it, and guests in pages of their own. */
import { readMetric } from "@lianmai/bench/metrics";
import { type Directed, StageDirector } from "@lianmai/bench/stage-director";
import { startBrowser, until } from "@lianmai/e2e/browser";
import { publish } from "@lianmai/e2e/publisher";
import { type Recorder, record } from "@lianmai/e2e/record";
import { type Stack, startStack } from "@lianmai/e2e/stack";
import { GUEST_TONES_HZ, toneDevices } from "@lianmai/e2e/tone-devices";
import type { DirectorCommand } from "@lianmai/ingest/stage";
import type { Browser, Page } from "playwright-core";
import { goFirst, stepBack } from "../right-of-way.ts";
import { type ProgrammeCounts, readCounts } from "./programme-counts.ts";

const SLUG = "torture-show";
const PASSWORD = "correct horse battery";
/** A source of this size is a ladder of one rung. */
const SOURCE = { size: "640x360", bitsPerSecond: 600_000 };
const RUNG = "360p";
/** The guests' browsers have the same cores: what comes late for that is no fault of an act. */
export const MIN_SOURCE_DELAY_MS = 150;
const STEP_BUDGET_MS = 60_000;
/** Long enough for the tone to be in the programme for what a mute is compared with. */
const HEARD_MS = 3_000;
const NAMES = ["ann", "bob", "cai", "dee"] as const;
const PICTURE = { width: 320, height: 180, perSecond: 10 };
/** Painting is most of what a browser without a graphics card does: a small page, and pictures that are not shown. */
const VIEWPORT = { width: 360, height: 480 };
const UNSEEN = `addEventListener("DOMContentLoaded", () => {
  document.head.append(Object.assign(document.createElement("style"), {
    textContent: "video { display: none !important } * { animation: none !important; transition: none !important }",
  }));
})`;

interface RoomView {
  readonly live: null | { readonly at: string; readonly programId: string };
}

export interface Guest {
  readonly name: string;
  readonly hertz: number;
  readonly page: Page;
  readonly participantId: string;
}

export interface Cast {
  readonly guests: readonly Guest[];
  /** Opens the guest's page anew and brings them on air by all the steps. */
  enter(guest: Guest): Promise<void>;
  /** An act of the host; throws when the stage refuses it. */
  direct(command: DirectorCommand): Promise<Directed>;
  /** From backstage to a seat. */
  seat(guest: Guest): Promise<void>;
  /** Waits until the stage has heard the guest for a while without a pause. */
  hears(guest: Guest): Promise<void>;
  layout(kind: string): Promise<void>;
  /** Records the pictures and the sound from the next segment on. */
  record(): Promise<{ readonly pictures: Recorder; readonly sound: Recorder }>;
  /** How long the encoder's media waited before anybody else came, milliseconds; as the mixer says. */
  readonly sourceDelayMs: number;
  programId(): Promise<string | undefined>;
  counts(): Promise<ProgrammeCounts>;
  close(): Promise<void>;
}

/** Starts it all with so many guests, everybody on air. */
export async function startCast(options: { readonly guests: number }): Promise<Cast> {
  const cleanUp = new AsyncDisposableStack();
  try {
    return await open(options, cleanUp);
  } catch (error) {
    await cleanUp.disposeAsync();
    throw error;
  }
}

async function open(options: { readonly guests: number }, cleanUp: AsyncDisposableStack): Promise<Cast> {
  const stack = await startStack({ env: { MIN_SOURCE_DELAY_MS: String(MIN_SOURCE_DELAY_MS) } });
  cleanUp.defer(() => stack.stop());
  const browser = await startBrowser({ devices: true });
  cleanUp.defer(() => browser.close());
  const { key } = await stack.room(SLUG, { graceMs: 60_000 });
  const encoder = publish({ url: `${stack.rtmpUrl}/${key}`, ...SOURCE });
  cleanUp.defer(() => encoder.kill());
  cleanUp.defer(await goFirst(encoder.process.pid));
  const room = () => stack.api<RoomView>("GET", `/api/v1/rooms/${SLUG}`);
  const programId = async () => (await room()).live?.programId;
  await until("the programme", room, ({ live }) => live?.at === "live", { budgetMs: STEP_BUDGET_MS });
  const delays = () =>
    readMetric(`http://127.0.0.1:${stack.ports.transcode}`, "lianmai_mixer_playout_delay_milliseconds");
  const [sourceDelayMs = 0] = await until("the delay", delays, ([delay]) => delay !== undefined);
  const director = await StageDirector.enter(stack, SLUG);
  cleanUp.defer(() => director.leave());
  const direct = async (command: DirectorCommand): Promise<Directed> => {
    const directed = await director.direct(command);
    if (directed.code !== "done") throw new Error(`${command.kind}: ${directed.code}`);
    return directed;
  };
  const enter = async (name: string, page: Page): Promise<string> => {
    await page.goto(`${stack.url}/join/${SLUG}`);
    await button(page, "Raise hand").click();
    const participantId = await director.awaitGuest(name, "asking");
    await direct({ kind: "to-backstage", participantId });
    await seat(page, participantId);
    return participantId;
  };
  const seat = async (page: Page, participantId: string): Promise<void> => {
    await page.getByText("Backstage", { exact: true }).waitFor();
    await direct({ kind: "to-seat", participantId });
    await page.getByText("You are on air").waitFor();
  };
  const guests: Guest[] = [];
  for (const [at, name] of NAMES.slice(0, options.guests).entries()) {
    const hertz = GUEST_TONES_HZ[at] ?? 0;
    const page = await guestPage(browser, stack, { name, hertz });
    await stepBack("chromium");
    guests.push({ name, hertz, page, participantId: await enter(name, page) });
  }
  return {
    ...{
      guests,
      programId,
      sourceDelayMs,
      direct,
      close: () => cleanUp.disposeAsync(),
      counts: () => readCounts(stack, SLUG),
    },
    enter: async ({ name, page }) => void (await enter(name, page)),
    seat: ({ page, participantId }) => seat(page, participantId),
    hears: ({ participantId }) => director.awaitSpeaker(participantId, HEARD_MS),
    layout: async (kind) => void (await stack.api("PUT", `/api/v1/rooms/${SLUG}/layout`, { kind })),
    async record() {
      const base = `${stack.url}/live/${SLUG}/${await programId()}`;
      const follow = (what: string) => record(`${base}/${what}/media.m3u8`, { fromNext: true });
      return { pictures: follow(RUNG), sound: follow("audio") };
    },
  };
}

async function guestPage(
  browser: Browser,
  stack: Stack,
  guest: { readonly name: string; readonly hertz: number },
): Promise<Page> {
  const context = await browser.newContext({ locale: "en-US", viewport: VIEWPORT });
  await context.addInitScript(toneDevices({ hertz: guest.hertz, picture: PICTURE }));
  await context.addInitScript(UNSEEN);
  await context.request.post(`${stack.url}/api/v1/users`, { data: { name: guest.name, password: PASSWORD } });
  const page = await context.newPage();
  page.setDefaultTimeout(STEP_BUDGET_MS);
  return page;
}

export const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
