/**
 * How soon a guest who is muted is silent in the programme. An encoder feeds the room, a guest in Chromium sends a tone;
 * the host's request leaves at a time, and the packaged sound falls silent at another: by EXT-X-PROGRAM-DATE-TIME, which
 * is behind the clock by what mixing takes, and by when a viewer has the whole part in which the silence begins, which
 * is no sooner than the programme has it. `npm run bench -- mute --times 40`
 */
import { startBrowser, until } from "@lianmai/e2e/browser";
import { publish } from "@lianmai/e2e/publisher";
import { record } from "@lianmai/e2e/record";
import { type Stack, startStack } from "@lianmai/e2e/stack";
import { GUEST_TONES_HZ, toneDevices } from "@lianmai/e2e/tone-devices";
import { decodeSound, silentAfterMs, toneLevels } from "@lianmai/e2e/tone-level";
import { percentile, printRows, readOptions } from "./report.ts";
import { StageDirector } from "./stage-director.ts";

const SLUG = "bench-mute";
const GUEST = "mei";
const PASSWORD = "correct horse battery";
const [HERTZ] = GUEST_TONES_HZ;
const PICTURE = { width: 320, height: 180, perSecond: 15 };
const STEP_BUDGET_MS = 60_000;
/** Each state lasts this long and up to so much longer, so that mutes fall anywhere in a part. */
const STAY_MS = 1_800;
const SPREAD_MS = 400;
/** Before and after, so that the recording, which begins with a segment, holds all. */
const AROUND_MS = 8_000;

interface RoomView {
  readonly live: null | { readonly at: string; readonly programId: string };
}

/** Runs the benchmark and prints its figures. Throws when a mute cannot be timed. */
export async function benchMute(args: readonly string[]): Promise<void> {
  const { times } = readOptions(args, { times: 40 });
  await using cleanUp = new AsyncDisposableStack();
  const stack = await startStack();
  cleanUp.defer(() => stack.stop());
  const { key } = await stack.room(SLUG, { graceMs: 60_000 });
  const encoder = publish({ url: `${stack.rtmpUrl}/${key}`, size: "640x360", bitsPerSecond: 600_000 });
  cleanUp.defer(() => encoder.kill());
  const room = () => stack.api<RoomView>("GET", `/api/v1/rooms/${SLUG}`);
  const { live } = await until("the programme", room, (view) => view.live?.at === "live", { budgetMs: STEP_BUDGET_MS });
  const director = await StageDirector.enter(stack, SLUG);
  cleanUp.defer(() => director.leave());
  const participantId = await bringGuest(stack, director, cleanUp);
  const recorder = record(`${stack.url}/live/${SLUG}/${live?.programId}/audio/media.m3u8`, { fromNext: true });
  await sleep(AROUND_MS);
  const sentMs: number[] = [];
  const answeredMs: number[] = [];
  for (let turn = 0; turn < times; turn += 1) {
    const muted = await director.direct({ kind: "mute", participantId, muted: true });
    if (muted.code !== "done") throw new Error(`mute: ${muted.code}`);
    sentMs.push(muted.sentMs);
    answeredMs.push(Date.now() - muted.sentMs);
    await sleep(STAY_MS + Math.random() * SPREAD_MS);
    await director.direct({ kind: "mute", participantId, muted: false });
    await sleep(STAY_MS + Math.random() * SPREAD_MS);
  }
  await sleep(AROUND_MS);
  const recording = await recorder.stop();
  const levels = toneLevels(decodeSound(recording.bytes()), HERTZ);
  const silentMs = sentMs.map((atMs) => {
    const fromMs = atMs - recording.startsAtMs;
    return silentAfterMs(levels, { fromMs, toMs: fromMs + STAY_MS });
  });
  const withViewerMs = sentMs.map((atMs, turn) => {
    const silenceMs = atMs + (silentMs[turn] ?? Number.NaN);
    const part = recording.arrivals.findLast((arrival) => arrival.atMs <= silenceMs);
    return (part?.cameMs ?? Number.NaN) - atMs;
  });
  const untold = silentMs.flatMap((ms, turn) => (Number.isNaN(ms) ? [turn + 1] : []));
  if (untold.length > 0) throw new Error(`the tone was not heard before, or went on, at mutes ${untold.join(", ")}`);
  printRows(`mute: the host's request to silence in the programme, ${times} times`, [
    ["silence by the programme's own times, ms", threeOf(silentMs)],
    ["the part with the silence is with a viewer, ms", threeOf(withViewerMs)],
    ["answer to the host, ms", threeOf(answeredMs)],
    ["discontinuities, failed requests", `${recording.discontinuities}, ${recording.failures.length}`],
  ]);
}

/** A guest in Chromium who asks and is seated; their id on the stage. */
async function bringGuest(stack: Stack, director: StageDirector, cleanUp: AsyncDisposableStack): Promise<string> {
  const browser = await startBrowser({ devices: true });
  cleanUp.defer(() => browser.close());
  const context = await browser.newContext({ locale: "en-US", viewport: { width: 360, height: 640 } });
  await context.addInitScript(toneDevices({ hertz: HERTZ, picture: PICTURE }));
  await context.request.post(`${stack.url}/api/v1/users`, { data: { name: GUEST, password: PASSWORD } });
  const page = await context.newPage();
  page.setDefaultTimeout(STEP_BUDGET_MS);
  await page.goto(`${stack.url}/join/${SLUG}`);
  await page.getByRole("button", { name: "Raise hand", exact: true }).click();
  const participantId = await director.awaitGuest(GUEST, "asking");
  await director.direct({ kind: "to-seat", participantId });
  await page.getByText("You are on air").waitFor();
  return participantId;
}

const threeOf = (values: readonly number[]): string =>
  [0.5, 0.95, 1].map((share) => `p${share * 100} ${percentile(values, share).toFixed(0)}`).join(", ");
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
