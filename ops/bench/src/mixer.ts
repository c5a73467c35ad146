/**
 * What the mix costs: CPU of a real mixer process by number of sources, before encoding, and its memory over minutes of
 * people coming, going and changing places. `npm run bench -- mixer --seconds 20 --minutes 30`
 */
import { readFileSync } from "node:fs";
import { BenchStage } from "@lianmai/transcode/mixer/bench-stage";
import { percentile, printRows, readOptions } from "./report.ts";

const COUNTS = [1, 2, 4, 9] as const;

/** Runs the benchmark and prints its figures. */
export async function benchMixer(args: readonly string[]): Promise<void> {
  const { seconds, minutes, settle } = readOptions(args, { seconds: 15, minutes: 0, settle: 5 });
  const rows: [string, string][] = [];
  for (const codec of ["h264", "vp8"] as const) {
    for (const count of COUNTS) {
      const stage = await BenchStage.start({ codec, count, width: 640, height: 360 });
      await new Promise((resolve) => setTimeout(resolve, settle * 1_000));
      const before = cpuSeconds(stage.pid);
      const startedMs = performance.now();
      await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
      const cores = (cpuSeconds(stage.pid) - before) / ((performance.now() - startedMs) / 1_000);
      const { pictures, late, held } = stage.figures();
      const facts = `${pictures} pictures, ${held} held, tick late p95 ${percentile(late, 0.95).toFixed(0)} ms`;
      rows.push([`${count} x 640x360 ${codec}`, `${cores.toFixed(3)} core, ${memoryMb(stage.pid)} MB (${facts})`]);
      await stage.stop();
    }
  }
  printRows(`mixer: to 1280x720 at 30, Opus sound mixed, before encoding, ${seconds} s each`, rows);
  if (minutes > 0) await churn(minutes);
}

/** A full stage on which somebody comes, goes or is moved every second or so, on the wall clock. */
async function churn(minutes: number): Promise<void> {
  const stage = await BenchStage.start({ codec: "h264", count: 9, width: 320, height: 180 });
  const samples: number[] = [];
  const endMs = performance.now() + minutes * 60_000;
  for (let turn = 0; performance.now() < endMs; turn++) {
    stage.shuffle(turn);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    if (turn % 10 === 0) samples.push(memoryMb(stage.pid));
  }
  await stage.stop();
  const third = Math.ceil(samples.length / 3);
  printRows(`mixer: ${minutes} min of churn among nine`, [
    ["memory, first third, MB", `${Math.max(...samples.slice(0, third))}`],
    ["memory, last third, MB", `${Math.max(...samples.slice(-third))}`],
  ]);
}

/** User and system time of a process so far; field 14 and 15 of proc_pid_stat(5), 100 ticks a second. */
function cpuSeconds(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function memoryMb(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Math.round(Number(kilobytes) / 1_024);
}
