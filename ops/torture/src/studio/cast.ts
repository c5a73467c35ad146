/** A show that an encoder feeds, a host who directs it in the studio, and guests in pages of their own. */
import { startBrowser, until } from "@lianmai/e2e/browser";
import { publish } from "@lianmai/e2e/publisher";
import { type Recorder, record } from "@lianmai/e2e/record";
import { startStack } from "@lianmai/e2e/stack";
import type { Page } from "playwright-core";
import { type ProgrammeCounts, readCounts } from "./programme-counts.ts";
import { stepBack } from "./step-back.ts";
import { GUEST_TONES_HZ, toneDevices } from "./tone-devices.ts";

const SLUG = "torture-show";
const PASSWORD = "correct horse battery";
const RUNG = "360p";
const STEP_BUDGET_MS = 60_000;
const NAMES = ["ann", "bob", "cai", "dee"] as const;

/** Small pages with small pictures: painting them is most of what a browser without a graphics card does. */
const DESKTOP = { width: 1_024, height: 600 };
const PHONE = { width: 360, height: 640 };

interface PageOptions {
  readonly viewport: { readonly width: number; readonly height: number };
  /** Runs before the page's own scripts. */
  readonly script?: string;
}

interface RoomView {
  readonly live: null | { readonly at: string; readonly programId: string };
}

export interface Guest {
  readonly name: string;
  readonly hertz: number;
  readonly page: Page;
}

export interface Cast {
  readonly guests: readonly Guest[];
  /** Opens the guest's page anew and brings them on air by all the steps. */
  enter(guest: Guest): Promise<void>;
  /** An act of the host in the menu of a guest. */
  direct(guest: Guest, act: string): Promise<void>;
  /** From backstage to a seat. */
  seat(guest: Guest): Promise<void>;
  layout(name: string): Promise<void>;
  /** Records the pictures and the sound from the next segment on. */
  record(): Promise<{ readonly pictures: Recorder; readonly sound: Recorder }>;
  programId(): Promise<string | undefined>;
  counts(): Promise<ProgrammeCounts>;
  close(): Promise<void>;
}

/** Starts it all with so many guests, everybody on air. */
export async function startCast(options: { readonly guests: number }): Promise<Cast> {
  const [stack, browser] = await Promise.all([startStack(), startBrowser({ devices: true })]);
  await stepBack("chromium");
  const { key } = await stack.room(SLUG, { graceMs: 60_000 });
  const encoder = publish({ url: `${stack.rtmpUrl}/${key}`, size: "640x360", bitsPerSecond: 600_000 });
  const room = () => stack.api<RoomView>("GET", `/api/v1/rooms/${SLUG}`);
  const pageOf = async (path: "sessions" | "users", name: string, options: PageOptions) => {
    const context = await browser.newContext({ locale: "en-US", viewport: options.viewport });
    await context.addInitScript(options.script ?? "");
    await context.request.post(`${stack.url}/api/v1/${path}`, { data: { name, password: PASSWORD } });
    const page = await context.newPage();
    page.setDefaultTimeout(STEP_BUDGET_MS);
    return page;
  };
  const close = async () => {
    await encoder.kill();
    await browser.close();
    await stack.stop();
  };
  try {
    await until("the programme", room, ({ live }) => live?.at === "live", { budgetMs: STEP_BUDGET_MS });
    const host = await pageOf("sessions", "admin", { viewport: DESKTOP, script: toneDevices(0) });
    await host.goto(`${stack.url}/studio/${SLUG}`);
    // Not the programme: its thirty large pictures a second would be decoded for nobody.
    await host.getByText("feeds the show").waitFor();
    await button(host, "Stage").click();
    const guests = await Promise.all(
      NAMES.slice(0, options.guests).map(async (name, at) => {
        const hertz = GUEST_TONES_HZ[at] ?? 0;
        return { name, hertz, page: await pageOf("users", name, { viewport: PHONE, script: toneDevices(hertz) }) };
      }),
    );
    const programId = async () => (await room()).live?.programId;
    const cast: Cast = {
      ...{ guests, programId, close, counts: () => readCounts(stack, SLUG) },
      async enter(guest) {
        await guest.page.goto(`${stack.url}/join/${SLUG}`);
        await button(guest.page, "Raise hand").click();
        await button(host, "Accept").click();
        await cast.seat(guest);
      },
      async direct({ name }, act) {
        await button(host, `More about ${name}`).click();
        await host.getByRole("menuitem", { name: act, exact: true }).click();
      },
      async seat({ page }) {
        await page.getByText("Backstage", { exact: true }).waitFor();
        await button(host, "On air").click();
        await page.getByText("You are on air").waitFor();
      },
      layout: (name) => host.getByText(name, { exact: true }).click(),
      async record() {
        const base = `${stack.url}/live/${SLUG}/${await programId()}`;
        const follow = (what: string) => record(`${base}/${what}/media.m3u8`, { fromNext: true });
        return { pictures: follow(RUNG), sound: follow("audio") };
      },
    };
    for (const guest of guests) await cast.enter(guest);
    return cast;
  } catch (error) {
    await close();
    throw error;
  }
}

export const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
