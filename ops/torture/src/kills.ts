/**
 * kill -9 of one process after another while a viewer watches.
 * `npm run torture -- kills --times 1`
 */
import { printRows, readOptions } from "@lianmai/bench/report";
import { until } from "@lianmai/e2e/browser";
import { readPlaylist } from "@lianmai/e2e/record";
import type { ProcessName } from "@lianmai/e2e/stack";
import { firstDrawnAfter, judge } from "./judge-recording.ts";
import { SHOW_FPS, type Show, startShow } from "./show.ts";
import { longestStillMs } from "./viewer.ts";

export const VICTIMS: readonly ProcessName[] = ["transcode", "ingest", "edge", "redis", "mixer", "encoder"];
const BACK_BUDGET_MS = 40_000;
const CALM_MS = 3_000;
/** Pictures that were on their way when the process died do not count. */
const DRAWN_AFTER_MS = 200;
/** Must show 5 of the issue that this service is built by. */
const RESUME_BOUND_MS = 5_000;

export interface Kill {
  readonly victim: ProcessName;
  /** Until a new process of the kind runs. */
  readonly processMs: number;
  /** Until a picture drawn after the kill is in the program. */
  readonly inProgramMs: number;
  /** Until such a picture is on the screen: the viewer's latency is part of it. */
  readonly onScreenMs: number;
  /** Longest time for which the viewer's picture stood still. */
  readonly stillMs: number;
  /** Discontinuities that it cost. */
  readonly discontinuities: number;
  readonly sameDocument: boolean;
  /** Whether rooms, keys and the session are as before. */
  readonly dataKept: boolean;
}

/** Kills each of `victims` in turn in one show. */
export async function runKills(victims: readonly ProcessName[]): Promise<readonly Kill[]> {
  const show = await startShow({ slug: "kills" });
  try {
    show.keepPublishing();
    const kills: Kill[] = [];
    for (const victim of victims) kills.push(await killOne(show, victim));
    return kills;
  } finally {
    await show.close();
  }
}

async function killOne(show: Show, victim: ProcessName): Promise<Kill> {
  const before = { data: await durable(show), marks: await discontinuityMarks(show) };
  const recorder = await show.record();
  await sleep(CALM_MS);
  const running = await show.stack.pids(victim);
  // The oldest is the one that works: a mixer has a spare beside it.
  const [oldest] = [...running].sort((a, b) => a - b);
  if (oldest === undefined) throw new Error(`there is no ${victim} to kill`);
  process.kill(oldest, "SIGKILL");
  const killedMs = Date.now();
  await until(
    `${victim} is back`,
    () => show.stack.pids(victim),
    (pids) => pids.some((pid) => !running.includes(pid)),
    { budgetMs: BACK_BUDGET_MS },
  );
  const processMs = Date.now() - killedMs;
  const shownMs = await show.viewer.firstDrawnAfter(killedMs + DRAWN_AFTER_MS, { budgetMs: BACK_BUDGET_MS });
  await sleep(CALM_MS);
  const nowMs = Date.now();
  const judgement = judge(await recorder.stop(), { fps: SHOW_FPS });
  return {
    victim,
    processMs,
    inProgramMs: (firstDrawnAfter(judgement, killedMs + DRAWN_AFTER_MS)?.programMs ?? Number.NaN) - killedMs,
    onScreenMs: shownMs - killedMs,
    stillMs: longestStillMs(await show.viewer.shown(killedMs), killedMs, nowMs),
    // An earlier one may have left the window meanwhile.
    discontinuities: Math.max(0, (await discontinuityMarks(show)) - before.marks),
    sameDocument: await show.viewer.sameDocument(),
    dataKept: (await durable(show)) === before.data,
  };
}

/** What must survive: the account's rooms and their keys, read with the token from before. */
async function durable(show: Show): Promise<string> {
  const read = () =>
    Promise.all([
      show.stack.api<{ readonly slug: string; readonly title: string }>("GET", "/api/v1/rooms/kills"),
      show.stack.api<unknown>("GET", "/api/v1/rooms/kills/stream-keys"),
    ]).catch(() => null);
  const answers = await until("the API answers", read, (value) => value !== null);
  const [room, keys] = answers ?? [];
  return JSON.stringify([room?.slug, room?.title, keys], (name, value) => (name === "lastUsedAt" ? undefined : value));
}

/** EXT-X-DISCONTINUITY tags that the playlist lists. */
async function discontinuityMarks(show: Show): Promise<number> {
  const read = async () => {
    const answer = await fetch(await show.playlist());
    return answer.ok ? readPlaylist(await answer.text()).marks : null;
  };
  return (
    (await until(
      "the playlist",
      () => read().catch(() => null),
      (count) => count !== null,
    )) ?? 0
  );
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs and prints; true when each kill kept to the bound and lost nothing. */
export async function tortureKills(args: readonly string[]): Promise<boolean> {
  const { times } = readOptions(args, { times: 1 });
  const kills = await runKills(Array.from({ length: times }, () => VICTIMS).flat());
  const isGood = (kill: Kill) =>
    Math.max(kill.stillMs, kill.inProgramMs) <= RESUME_BOUND_MS && kill.sameDocument && kill.dataKept;
  printRows(
    `kills: kill -9 while watching; bound ${RESUME_BOUND_MS} ms`,
    kills.map((kill) => [
      `${isGood(kill) ? "ok  " : "FAIL"} ${kill.victim}`,
      `process back ${kill.processMs} ms, new picture in the program ${Math.round(kill.inProgramMs)} ms, ` +
        `on the screen ${Math.round(kill.onScreenMs)} ms, stood still at most ${Math.round(kill.stillMs)} ms, ` +
        `discontinuities ${kill.discontinuities}, ` +
        `${kill.sameDocument ? "not reloaded" : "RELOADED"}, ${kill.dataKept ? "data kept" : "DATA LOST"}`,
    ]),
  );
  return kills.every(isGood);
}
