/**
 * What the mix costs: CPU of a real mixer process by number of sources, before encoding, and its memory over minutes of
 * people coming, going and changing places. `npm run bench -- mixer --seconds 20`, `npm run bench -- mixer --churn 30`:
 * minutes of it, alone.
 */
import { BenchStage } from "@lianmai/transcode/mixer/bench-stage";
import { ffmpegCores } from "./mixer-peer.ts";
import { cpuSeconds, residentBytes } from "./process-figures.ts";
import { percentile, printRows, readOptions } from "./report.ts";

/** Caches and heaps have their size by then. */
const WARM_UP_MINUTES = 3;
/** Turns between collections of garbage: who is on stage and in which layout comes again after 12. */
const COLLECT_EVERY = 36;
const COLLECTED_MS = 500;
/** The peer's file is longer than it is looked at by this. */
const PEER_SPARE_S = 10;
const COUNTS = [1, 2, 4, 9] as const;

/** Runs the benchmark and prints its figures. */
export async function benchMixer(args: readonly string[]): Promise<void> {
  const { seconds, churn, settle } = readOptions(args, { seconds: 15, churn: 0, settle: 5 });
  if (churn > 0) await mixWithChurn(churn);
  else await mixByCount({ seconds, settle });
}

async function mixByCount(options: { readonly seconds: number; readonly settle: number }): Promise<void> {
  const { seconds, settle } = options;
  const rows: [string, string][] = [];
  for (const codec of ["h264", "vp8"] as const) {
    for (const count of COUNTS) {
      const stage = await BenchStage.start({ codec, count, width: 640, height: 360 });
      await sleep(settle * 1_000);
      const heldBefore = stage.figures().held;
      const before = cpuSeconds(stage.pid);
      const startedMs = performance.now();
      await sleep(seconds * 1_000);
      const cores = (cpuSeconds(stage.pid) - before) / ((performance.now() - startedMs) / 1_000);
      const { pictures, late, held } = stage.figures();
      const facts = `${pictures} pictures, ${held - heldBefore} held, tick late p95 ${percentile(late, 0.95).toFixed(0)} ms`;
      rows.push([`${count} x 640x360 ${codec}`, `${cores.toFixed(3)} core, ${residentMb(stage.pid)} MB (${facts})`]);
      const picturesOfSource = stage.annexB(settle + seconds + PEER_SPARE_S);
      await stage.stop();
      if (codec !== "h264") continue;
      const peer = await ffmpegCores({ picturesOfSource, count, settle, seconds });
      rows.push([
        "  the same by ffmpeg's filters",
        `${peer.toFixed(3)} core (pictures only; ${(cores / peer).toFixed(2)})`,
      ]);
    }
  }
  printRows(`mixer: to 1280x720 at 30, Opus sound mixed, before encoding, ${seconds} s each`, rows);
}

/**
 * A full stage on which three come and three go each second, in another layout, on the wall clock. What is resident goes
 * up and down with what is not collected yet; growth shows in what is left after collections.
 */
async function mixWithChurn(minutes: number): Promise<void> {
  const preload = import.meta.resolve("@lianmai/process/testing/collect-on-signal");
  const stage = await BenchStage.start({ codec: "h264", count: 9, width: 320, height: 180, preload });
  const samples: MemorySample[] = [];
  const kept: MemorySample[] = [];
  const startedMs = performance.now();
  const minute = () => (performance.now() - startedMs) / 60_000;
  const note = (to: MemorySample[]) => {
    if (minute() > WARM_UP_MINUTES) to.push({ minute: minute(), mb: residentMb(stage.pid) });
  };
  let turns = 0;
  for (; minute() < WARM_UP_MINUTES + minutes; turns += 1) {
    stage.shuffle(turns);
    await sleep(1_000);
    note(samples);
    if (turns % COLLECT_EVERY !== 0) continue;
    process.kill(stage.pid, "SIGHUP");
    await sleep(COLLECTED_MS);
    note(kept);
  }
  const { pictures, held } = stage.figures();
  await stage.stop();
  printRows(`mixer: ${minutes} min of churn among nine, after ${WARM_UP_MINUTES} min of it`, [
    ["changes of who is on stage", turns],
    ["resident, MB", memoryText(samples)],
    [`after a collection, each ${COLLECT_EVERY} changes, MB`, memoryText(kept)],
    ["pictures, held", `${pictures}, ${held}`],
  ]);
}

interface MemorySample {
  readonly minute: number;
  readonly mb: number;
}

function memoryText(samples: readonly MemorySample[]): string {
  const quarter = Math.ceil(samples.length / 4);
  const median = (some: readonly MemorySample[]) =>
    percentile(
      some.map(({ mb }) => mb),
      0.5,
    );
  const medians = [0, 1, 2, 3].map((at) => median(samples.slice(at * quarter, (at + 1) * quarter)));
  const anHour = 60 * slope(samples.map(({ minute: x, mb: y }) => ({ x, y })));
  const most = Math.max(...samples.map(({ mb }) => mb));
  return `medians of the quarters ${medians.join(", ")}; most ${most}; slope ${anHour.toFixed(1)} an hour`;
}

/** Of the straight line through points by least squares. */
function slope(points: readonly { readonly x: number; readonly y: number }[]): number {
  const mean = (of: (point: { x: number; y: number }) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean((point) => point.x), mean((point) => point.y)];
  return mean((point) => (point.x - x) * (point.y - y)) / mean((point) => (point.x - x) ** 2);
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const residentMb = (pid: number) => Math.round(residentBytes(pid) / 2 ** 20);
