/**
 * The publisher is killed and comes back, again and again, while a viewer watches.
 * `npm run torture -- dropouts --times 3 --short 5 --long 40`
 */
import { printRows, readOptions } from "@lianmai/bench/report";
import { firstDrawnAfter, type Judgement, judge, seams } from "./judge-recording.ts";
import { SHOW_FPS, type Show, startShow } from "./show.ts";

/** Seen before the first and after each drop-out. */
const CALM_MS = 4_000;
const BACK_BUDGET_MS = 20_000;

export interface DropOut {
  readonly awaySeconds: number;
  /** From the start of the returning encoder's process to its first picture's place in the program. */
  readonly inProgramMs: number;
  /** From there to the viewer's screen. */
  readonly onScreenMs: number;
}

export interface DropOutsReport {
  readonly dropOuts: readonly DropOut[];
  readonly sameDocument: boolean;
  readonly judgement: Judgement;
}

/** Runs one show through publishers' drop-outs of the given lengths. */
export async function runDropOuts(awaySeconds: readonly number[]): Promise<DropOutsReport> {
  const show = await startShow({ slug: "dropouts" });
  try {
    const recorder = await show.record();
    await sleep(CALM_MS);
    const returns: { readonly awaySeconds: number; readonly startedMs: number; readonly screenMs: number }[] = [];
    for (const away of awaySeconds) returns.push(await dropOut(show, away));
    const judgement = judge(await recorder.stop(), { fps: SHOW_FPS });
    return {
      dropOuts: returns.map(({ awaySeconds: away, startedMs, screenMs }) => {
        const programMs = firstDrawnAfter(judgement, startedMs)?.programMs ?? Number.NaN;
        return { awaySeconds: away, inProgramMs: programMs - startedMs, onScreenMs: screenMs - programMs };
      }),
      sameDocument: await show.viewer.sameDocument(),
      judgement,
    };
  } finally {
    await show.close();
  }
}

async function dropOut(show: Show, awaySeconds: number) {
  await show.drop();
  await show.reaches("interrupted");
  await sleep(awaySeconds * 1_000);
  const startedMs = Date.now();
  show.publish();
  await show.reaches("live");
  const screenMs = await show.viewer.firstDrawnAfter(startedMs, { budgetMs: BACK_BUDGET_MS });
  await sleep(CALM_MS);
  return { awaySeconds, startedMs, screenMs };
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs and prints; true when the program had no seam. */
export async function tortureDropouts(args: readonly string[]): Promise<boolean> {
  const { times, short, long } = readOptions(args, { times: 3, short: 5, long: 40 });
  const report = await runDropOuts(Array.from({ length: times }, () => [short, long]).flat());
  const found = seams(report.judgement);
  const { parts, segments, pictures, leftOut, discontinuities } = report.judgement;
  printRows(`dropouts: ${times} x ${short} s and ${long} s away`, [
    ...report.dropOuts.map(
      ({ awaySeconds, inProgramMs, onScreenMs }) =>
        [
          `${awaySeconds} s away`,
          `encoder started -> picture in the program ${Math.round(inProgramMs)} ms -> on the screen ${Math.round(onScreenMs)} ms`,
        ] as const,
    ),
    [
      "recorded",
      `${parts} parts, ${segments} segments, ${pictures.length} pictures, ${leftOut} left out by the encoder`,
    ],
    ["discontinuities", discontinuities],
    ["page reloaded", report.sameDocument ? "no" : "YES"],
    ["seams (numbers, decode times, decoder, requests)", found.length === 0 ? "none" : found.slice(0, 10).join("; ")],
  ]);
  return found.length === 0 && report.sameDocument;
}
