/** Pictures that flash and sound that beeps, as one device takes them whose sound card may have a clock of its own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { oggPackets } from "@lianmai/process/testing/ogg-packets";
import { encodePictures } from "./raw-media.ts";

/** A flash and a beep begin together, as often; each lasts {@link FLASH_MS}. */
export const FLASH_EVERY_MS = 2_000;
export const FLASH_MS = 200;
const PICTURES_PER_SECOND = 30;
const SAMPLE_RATE = 48_000;
const GAIN = 0.2;
/** Without it, the beep's beginning would be a click that other tones' readers hear. */
const RAMP_SAMPLES = 96;
/** The comment and identification headers (RFC 7845 3). */
const OGG_HEADERS = 2;

/** lavfi: the picture below is dim but for its middle, which is white in a flash. `at`: its time, as FFmpeg writes it. */
export const flashFilter = (at: string): string =>
  `lutyuv=y=val/5,drawbox=x=iw/8:y=ih/8:w=iw*3/4:h=ih*3/4:color=white:t=fill:enable='lt(mod(${at},${FLASH_EVERY_MS / 1_000}),${FLASH_MS / 1_000})'`;

/** Pictures from one flash to the next, to be sent over and over. */
export const encodeFlashes = (options: { readonly size: string; readonly bits: number }): readonly Buffer[][] =>
  encodePictures({
    ...options,
    frames: (FLASH_EVERY_MS * PICTURES_PER_SECOND) / 1_000,
    // Half a millisecond early, lest the first picture of a flash be the one after by rounding.
    filter: flashFilter("t+0.0005"),
    // What is lost for good does not stay for long, though no keyframe is made on demand.
    gop: PICTURES_PER_SECOND / 2,
  });

export interface Beeps {
  readonly hertz: number;
  readonly seconds: number;
  /** By how much the sound card's second is shorter than that of the clock by which the flashes come. */
  readonly cardPpm: number;
  /** The beeps begin so much after the flashes. */
  readonly offsetMs: number;
}

/** Opus packets of 20 ms of a microphone that hears a beep with every flash. */
export async function encodeBeeps(beeps: Beeps): Promise<readonly Buffer[]> {
  const child = spawn(
    "ffmpeg",
    [
      ...["-v", "error", "-f", "s16le", "-ar", String(SAMPLE_RATE), "-ac", "1", "-i", "pipe:0"],
      ...["-c:a", "libopus", "-frame_duration", "20", "-b:a", "48k", "-f", "ogg", "pipe:1"],
    ],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  const ended = once(child, "close");
  for (let second = 0; second < beeps.seconds; second += 1) {
    if (!child.stdin.write(drawSecond(second, beeps))) await once(child.stdin, "drain");
  }
  child.stdin.end();
  const [code] = await ended;
  if (code !== 0) throw new Error(`ffmpeg ended with ${code}`);
  return oggPackets(Buffer.concat(chunks)).slice(OGG_HEADERS);
}

function drawSecond(second: number, { hertz, cardPpm, offsetMs }: Beeps): Buffer {
  const samples = Buffer.alloc(SAMPLE_RATE * 2);
  // Samples that the card takes in a millisecond of the flashes' clock.
  const perMs = (SAMPLE_RATE / 1_000) * (1 + cardPpm / 1e6);
  const length = FLASH_MS * perMs;
  for (let at = 0; at < SAMPLE_RATE; at += 1) {
    const sample = second * SAMPLE_RATE + at - offsetMs * perMs;
    const into = sample % (FLASH_EVERY_MS * perMs);
    if (sample < 0 || into >= length) continue;
    const gain = GAIN * Math.min(1, into / RAMP_SAMPLES, (length - into) / RAMP_SAMPLES);
    samples.writeInt16LE(Math.round(32_767 * gain * Math.sin((2 * Math.PI * hertz * into) / SAMPLE_RATE)), at * 2);
  }
  return samples;
}
