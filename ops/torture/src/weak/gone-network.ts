/**
 * A guest on air whose network, or whose browser's time, goes and comes back: how soon the stage hears them again, without a click, and that the
 * seat is given up when it stays away. `npm run torture -- gone`
 */
import { printRows, readOptions } from "@lianmai/bench/report";
import { StageDirector } from "@lianmai/bench/stage-director";
import { startBrowser, until } from "@lianmai/e2e/browser";
import { descendants } from "@lianmai/e2e/descendants";
import { type Stack, startStack } from "@lianmai/e2e/stack";
import { GUEST_TONES_HZ, toneDevices } from "@lianmai/e2e/tone-devices";
import type { Page } from "playwright-core";
import { OwnHost } from "./own-host.ts";

const SLUG = "gone";
const NAME = "mei";
const PASSWORD = "correct horse battery";
const STEP_BUDGET_MS = 30_000;
/** From the network's return to the guest's voice. */
const MOST_UNTIL_BACK_MS = 2_000;
/** Found gone after 8 s, kept for 15, swept within one. */
const MOST_UNTIL_GIVEN_UP_MS = 26_000;
/** Heard for so long, a guest is back for good. */
const HEARD_MS = 3_000;
/** From the end of a voice until the stage says so, and more. */
const NOTICED_MS = 1_000;
/** Shorter than it takes to be found gone, and longer. */
const SHORT_MS = 4_000;
const LONG_MS = 14_000;
const PICTURE = { width: 320, height: 180, perSecond: 10 };

interface Show {
  readonly own: OwnHost;
  readonly director: StageDirector;
  readonly guestId: string;
  readonly page: Page;
}

interface Return {
  readonly what: string;
  readonly ms: number;
  /** On the same seat as before. */
  readonly seated: boolean;
}

/** Runs it, prints how long each return took, and answers whether all were soon enough. */
export async function tortureGoneNetwork(args: readonly string[]): Promise<boolean> {
  readOptions(args, {});
  const cleanUp = new AsyncDisposableStack();
  try {
    const show = await start(cleanUp);
    const { own } = show;
    const returns: Return[] = [];
    for (const [name, forMs] of [
      ["short", SHORT_MS],
      ["long", LONG_MS],
    ] as const) {
      returns.push(
        await comeBack(show, `packets dropped, ${name}`, [() => own.drop(true), forMs, () => own.drop(false)]),
      );
      returns.push(await comeBack(show, `cable pulled, ${name}`, [() => own.plug(false), forMs, () => own.plug(true)]));
    }
    const freeze = (signal: NodeJS.Signals) => async () => {
      for (const pid of await descendants(process.pid, "chromium")) process.kill(pid, signal);
    };
    returns.push(await comeBack(show, "browser frozen, long", [freeze("SIGSTOP"), LONG_MS, freeze("SIGCONT")]));
    returns.push(await comeBack(show, "another address", [async () => {}, 0, () => own.move()]));
    const givenUpMs = await stayAway(show);
    return judge(returns, givenUpMs);
  } finally {
    await cleanUp.disposeAsync();
  }
}

async function start(cleanUp: AsyncDisposableStack): Promise<Show> {
  const own = await OwnHost.make();
  cleanUp.defer(() => own.remove());
  const stack = await startStack({ env: { MEDIA_ANNOUNCED: own.near } });
  cleanUp.defer(() => stack.stop());
  await stack.room(SLUG);
  const director = await StageDirector.enter(stack, SLUG);
  cleanUp.defer(() => director.leave());
  const page = await openGuest(own, stack, cleanUp);
  await page.getByRole("button", { name: "Raise hand", exact: true }).click();
  const guestId = await director.awaitGuest(NAME, "asking");
  await director.direct({ kind: "to-backstage", participantId: guestId });
  await page.getByText("Backstage", { exact: true }).waitFor();
  await director.direct({ kind: "to-seat", participantId: guestId });
  await page.getByText("You are on air").waitFor();
  await director.awaitSpeaker(guestId, HEARD_MS);
  return { own, director, guestId, page };
}

async function openGuest(own: OwnHost, stack: Stack, cleanUp: AsyncDisposableStack): Promise<Page> {
  // Only a page of this name has devices without a certificate.
  const origin = `http://gone.localhost:${stack.ports.http}`;
  const browser = await startBrowser({
    devices: true,
    program: await own.wrap("/usr/bin/chromium-headless-shell"),
    args: [`--host-resolver-rules=MAP gone.localhost ${own.near}`],
  });
  cleanUp.defer(() => browser.close());
  const context = await browser.newContext({ locale: "en-US", viewport: { width: 360, height: 640 } });
  await context.addInitScript(toneDevices({ hertz: GUEST_TONES_HZ[0], picture: PICTURE }));
  const page = await context.newPage();
  page.setDefaultTimeout(STEP_BUDGET_MS);
  await page.goto(origin);
  await page.evaluate(
    ({ name, password }) =>
      fetch("/api/v1/users", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ name, password }),
      }),
    { name: NAME, password: PASSWORD },
  );
  await page.goto(`${origin}/join/${SLUG}`);
  return page;
}

/** The network goes by `go`, and comes back by `back` after a while; how long the guest's voice takes then. */
async function comeBack(
  { director, guestId }: Show,
  what: string,
  [go, forMs, back]: readonly [() => Promise<void>, number, () => Promise<void>],
): Promise<Return> {
  process.stdout.write(`${what}\n`);
  const seat = seatOf(director, guestId);
  await go();
  await sleep(forMs);
  if (forMs > 0 && director.speaks(guestId)) throw new Error(`${what}: heard without a network`);
  const startedMs = performance.now();
  await back();
  if (forMs === 0) await sleep(NOTICED_MS);
  await director.awaitSpeaker(guestId, 0);
  const ms = performance.now() - startedMs;
  await director.awaitSpeaker(guestId, HEARD_MS);
  return { what, ms, seated: seat !== undefined && seatOf(director, guestId) === seat };
}

/** From the network's end until the guest is off the stage. */
async function stayAway({ own, director, guestId }: Show): Promise<number> {
  process.stdout.write("gone for good\n");
  const startedMs = performance.now();
  await own.drop(true);
  await until(
    "the seat",
    async () => seatOf(director, guestId),
    (seat) => seat === undefined,
    {
      budgetMs: 2 * MOST_UNTIL_GIVEN_UP_MS,
    },
  );
  return performance.now() - startedMs;
}

function seatOf(director: StageDirector, guestId: string): number | undefined {
  const place = director.stage?.participants.find(({ participantId }) => participantId === guestId)?.place;
  return place?.at === "seated" ? place.seat : undefined;
}

function judge(returns: readonly Return[], givenUpMs: number): boolean {
  printRows("a guest on air without a network: from its return to the guest's voice, ms", [
    ...returns.map(({ what, ms }) => [what, ms.toFixed(0)] as const),
    ["gone for good, until the seat is given up", givenUpMs.toFixed(0)],
  ]);
  const failures = [
    ...returns.filter(({ ms }) => ms > MOST_UNTIL_BACK_MS).map(({ what }) => `${what}: back late`),
    ...returns.filter(({ seated }) => !seated).map(({ what }) => `${what}: not on the same seat`),
    ...(givenUpMs > MOST_UNTIL_GIVEN_UP_MS ? ["the seat is kept for too long"] : []),
  ];
  for (const failure of failures) process.stdout.write(`  FAILED: ${failure}\n`);
  return failures.length === 0;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
