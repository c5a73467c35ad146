/** How loud a tone is over the time of a recorded programme. */
import { spawnSync } from "node:child_process";

const SAMPLE_RATE = 8_000;
/** Length of one level. */
export const WINDOW_MS = 20;
const WINDOW = (SAMPLE_RATE * WINDOW_MS) / 1_000;

/** Decodes the sound of an fMP4 to mono. @throws {Error} when the decoder reports anything wrong */
export function decodeSound(file: Buffer): Float32Array {
  const run = spawnSync(
    "ffmpeg",
    ["-v", "error", "-i", "pipe:0", "-map", "0:a:0", "-ac", "1", "-ar", String(SAMPLE_RATE), "-f", "f32le", "pipe:1"],
    { input: file, maxBuffer: 1 << 28 },
  );
  const errors = run.stderr.toString().trim();
  if (errors !== "") throw new Error(`ffmpeg: ${errors.slice(0, 500)}`);
  return new Float32Array(new Uint8Array(run.stdout).buffer);
}

/** Amplitude of a tone in each window of {@link WINDOW_MS}: Goertzel under a Hann window. */
export function toneLevels(samples: Float32Array, hertz: number): Float32Array {
  const turn = 2 * Math.cos((2 * Math.PI * hertz) / SAMPLE_RATE);
  const hann = Float32Array.from({ length: WINDOW }, (_, at) => 1 - Math.cos((2 * Math.PI * (at + 0.5)) / WINDOW));
  return Float32Array.from({ length: Math.floor(samples.length / WINDOW) }, (_, window) => {
    let [last, before] = [0, 0];
    for (let at = 0; at < WINDOW; at += 1) {
      const now = (samples[window * WINDOW + at] ?? 0) * (hann[at] ?? 0) + turn * last - before;
      [before, last] = [last, now];
    }
    return (2 / WINDOW) * Math.sqrt(Math.max(0, last * last + before * before - turn * last * before));
  });
}
