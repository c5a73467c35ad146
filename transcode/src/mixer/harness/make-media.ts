/** Test media as FLV tags, made with ffmpeg: bar codes, a flash and a beep at the start of every second. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { FlvReader, type FlvTag } from "@lianmai/ingest/flv";
import { drawBarCode } from "./bar-code.ts";

const SAMPLE_RATE = 48_000;
export const BEEP_MS = 60;
export const BEEP_HZ = 1_000;
const FLASH_MS = 60;

export interface MediaOptions {
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  readonly seconds: number;
  readonly bFrames?: number;
  /** Pictures between keyframes. */
  readonly gop?: number;
  /** Numbers start here, so that two sources can be told apart. */
  readonly firstNumber?: number;
}

/** The tags of a whole recording, timestamps from about 0. */
export async function makeMedia(options: MediaOptions): Promise<FlvTag[]> {
  const folder = await mkdtemp(join(tmpdir(), "mixer-media-"));
  try {
    const sound = join(folder, "sound.s16");
    const file = join(folder, "media.flv");
    await writeFile(sound, drawBeeps(options.seconds));
    await encode(options, { sound, file });
    return new FlvReader().push(await readFile(file));
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function encode(options: MediaOptions, paths: { sound: string; file: string }): Promise<void> {
  const { width, height, fps, seconds, bFrames = 0, gop = fps * 2, firstNumber } = options;
  const child = spawn(
    "ffmpeg",
    [
      ...["-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", `${width}x${height}`, "-r", `${fps}`],
      ...["-i", "pipe:0", "-f", "s16le", "-ar", `${SAMPLE_RATE}`, "-ac", "1", "-i", paths.sound],
      ...["-c:v", "libx264", "-preset", "ultrafast", "-bf", `${bFrames}`, "-g", `${gop}`, "-sc_threshold", "0"],
      ...["-threads", "2", "-c:a", "aac", "-ac", "2", "-f", "flv", paths.file],
    ],
    { stdio: ["pipe", "ignore", "inherit"] },
  );
  const ended = once(child, "close");
  await writePictures(child.stdin, { width, height, fps, seconds, firstNumber });
  const [code] = await ended;
  if (code !== 0) throw new Error(`ffmpeg ended with ${code}`);
}

/** Writes the numbered pictures, flashing at the start of each second, and ends the stream. */
export async function writePictures(
  stream: Writable,
  options: Pick<MediaOptions, "width" | "height" | "fps" | "seconds" | "firstNumber">,
): Promise<void> {
  const { width, height, fps, seconds, firstNumber = 0 } = options;
  const picture = Buffer.alloc((width * height * 3) / 2, 128);
  for (let n = 0; n < fps * seconds; n++) {
    const isFlash = ((n % fps) * 1_000) / fps < FLASH_MS;
    drawBarCode(picture.subarray(0, width * height), { width, height, number: firstNumber + n, isFlash });
    if (!stream.write(Buffer.from(picture))) await once(stream, "drain");
  }
  stream.end();
}

/** Mono samples with a beep at the start of each second. */
export function drawBeeps(seconds: number, hz = BEEP_HZ): Buffer {
  const samples = new Int16Array(seconds * SAMPLE_RATE);
  for (let n = 0; n < samples.length; n++) {
    const inSecond = n % SAMPLE_RATE;
    if (inSecond < (BEEP_MS * SAMPLE_RATE) / 1_000) {
      samples[n] = Math.round(16_000 * Math.sin((2 * Math.PI * hz * n) / SAMPLE_RATE));
    }
  }
  return Buffer.from(samples.buffer);
}
