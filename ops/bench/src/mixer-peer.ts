/** What ffmpeg's own filters need to lay the same pictures into one, in real time: a yardstick for noisy machines. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpuSeconds } from "./process-figures.ts";

const CANVAS = { width: 1_280, height: 720 };
const FPS = 30;

/** `picturesOfSource`: H.264 in Annex B, 30 pictures a second. Times are in seconds. */
export interface PeerOptions {
  readonly picturesOfSource: Buffer;
  readonly count: number;
  readonly settle: number;
  readonly seconds: number;
}

/** Cores used to decode `count` sources, scale them into a grid and drop the result; no sound, no network. */
export async function ffmpegCores(options: PeerOptions): Promise<number> {
  const { picturesOfSource, count, settle, seconds } = options;
  const folder = await mkdtemp(join(tmpdir(), "mixer-peer-"));
  const file = join(folder, "source.h264");
  await writeFile(file, picturesOfSource);
  const inputs = Array.from({ length: count }, () => [
    "-threads",
    "1",
    "-re",
    "-r",
    `${FPS}`,
    "-f",
    "h264",
    "-i",
    file,
  ]);
  const child = spawn(
    "ffmpeg",
    [
      ...["-v", "error", "-nostdin", "-filter_complex_threads", "1", ...inputs.flat()],
      ...["-filter_complex", gridOf(count), "-map", "[programme]", "-f", "null", "-"],
    ],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  const ended = once(child, "close");
  try {
    await sleep(settle);
    const before = cpuSeconds(child.pid);
    const startedMs = performance.now();
    await sleep(seconds);
    return (cpuSeconds(child.pid) - before) / ((performance.now() - startedMs) / 1_000);
  } finally {
    child.kill("SIGKILL");
    await ended;
    await rm(folder, { recursive: true });
  }
}

/** The filters that scale all inputs into a square grid on the canvas. */
function gridOf(count: number): string {
  const columns = Math.ceil(Math.sqrt(count));
  const even = (size: number) => Math.floor(size / columns / 2) * 2;
  const [width, height] = [even(CANVAS.width), even(CANVAS.height)];
  const scaled = Array.from({ length: count }, (_, i) => `[${i}:v]scale=${width}:${height}:flags=bilinear[s${i}]`);
  const places = Array.from(
    { length: count },
    (_, i) => `${(i % columns) * width}_${Math.floor(i / columns) * height}`,
  );
  const names = Array.from({ length: count }, (_, i) => `[s${i}]`).join("");
  const laid = count === 1 ? `${names}null` : `${names}xstack=inputs=${count}:layout=${places.join("|")}`;
  return [...scaled, `${laid},pad=${CANVAS.width}:${CANVAS.height}[programme]`].join(";");
}

const sleep = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
