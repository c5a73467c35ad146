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

/** Of its usual loudness: below, a tone counts as silent. */
const SILENT_SHARE = 0.1;
/** Fainter than any tone of a guest in the mix, louder than what other tones leak into its place. */
const LEAST_LEVEL = 0.01;
/** Time that says how loud the tone usually is; it ends {@link BEFORE_MS} before the moment that is asked about. */
const USUAL_MS = 1_000;
const BEFORE_MS = 500;
/** Of the levels in that time, so many may be lower than the usual one: a busy browser sends sound with gaps. */
const USUAL_SHARE = 0.8;

/** Longest time that a tone which should never stop is silent, milliseconds; NaN when it is not there at all. */
export function longestSilenceMs(levels: Float32Array): number {
  const usual = levelAt(levels, 0.5);
  if (usual < LEAST_LEVEL) return Number.NaN;
  let [longest, silent] = [0, 0];
  for (const level of levels) {
    silent = level > usual * SILENT_SHARE ? 0 : silent + 1;
    longest = Math.max(longest, silent);
  }
  return longest * WINDOW_MS;
}

/**
 * From `fromMs` to the end of the last window in which the tone is heard before `toMs`, both from the recording's
 * start; less than 0 when it fell silent before. NaN when it was not heard in the time before that, so that there was
 * nothing to fall silent, or when it goes on.
 */
export function silentAfterMs(levels: Float32Array, span: { readonly fromMs: number; readonly toMs: number }): number {
  const [from, to] = [Math.floor((span.fromMs - BEFORE_MS) / WINDOW_MS), Math.floor(span.toMs / WINDOW_MS)];
  const usual = usualLevel(levels, span.fromMs);
  if (usual < LEAST_LEVEL || to > levels.length) return Number.NaN;
  const last = levels.subarray(from, to).findLastIndex((level) => level > usual * SILENT_SHARE);
  return last === to - from - 1 ? Number.NaN : (from + last + 1) * WINDOW_MS - span.fromMs;
}

/** Whether the tone was heard in the time that {@link silentAfterMs} compares with. */
export const isHeardBefore = (levels: Float32Array, fromMs: number): boolean =>
  usualLevel(levels, fromMs) >= LEAST_LEVEL;

function usualLevel(levels: Float32Array, fromMs: number): number {
  const end = Math.max(0, Math.floor((fromMs - BEFORE_MS) / WINDOW_MS));
  return levelAt(levels.subarray(Math.max(0, end - USUAL_MS / WINDOW_MS), end), USUAL_SHARE);
}

/** The level that so great a share of them is below. */
const levelAt = (levels: Float32Array, share: number): number =>
  levels.toSorted()[Math.floor(levels.length * share)] ?? 0;
