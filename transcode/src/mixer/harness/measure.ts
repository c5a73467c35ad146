/** Reads cadence and lip sync out of a recorded program. */
import { toneTimes } from "./tones.ts";
import type { RecordedPicture, VirtualProgram } from "./virtual-program.ts";

const BEEP_LEVEL = 3_000;
const QUIET_SAMPLES = 9_600;

/** Steps of the source's picture number between neighbouring program pictures; unreadable ones are left out. */
export function stepsOf(pictures: readonly RecordedPicture[]): number[] {
  const steps: number[] = [];
  for (let i = 1; i < pictures.length; i++) {
    const before = pictures[i - 1]?.code;
    const after = pictures[i]?.code;
    if (before && after) steps.push(after.number - before.number);
  }
  return steps;
}

/** How often each step occurs. */
export function countSteps(pictures: readonly RecordedPicture[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const step of stepsOf(pictures)) counts[step] = (counts[step] ?? 0) + 1;
  return counts;
}

/** Program times (ms from zero) at which a flash begins, in the whole picture or in a watched area. */
export function flashTimes(program: VirtualProgram, area: number | null = null): number[] {
  const times: number[] = [];
  let wasFlash = true;
  for (const { index, code: whole, tiles } of program.pictures) {
    const code = area === null ? whole : tiles[area];
    if (code?.isFlash && !wasFlash) times.push((index * 1_000) / program.format.fps);
    if (code) wasFlash = code.isFlash;
  }
  return times;
}

/** Program times (ms from zero) at which a beep begins. */
export function beepTimes(program: VirtualProgram): number[] {
  const times: number[] = [];
  let quiet = 0;
  for (const { index, samples } of program.sound) {
    for (let i = 0; i < samples.length; i++) {
      const isLoud = Math.abs(samples[i] ?? 0) > BEEP_LEVEL;
      if (isLoud && quiet > QUIET_SAMPLES) times.push((index * 1_000) / program.format.fps + i / 48);
      quiet = isLoud ? 0 : quiet + 1;
    }
  }
  return times;
}

/** Beep time minus flash time for each flash that has a beep within 400 ms: positive = sound late. */
export function lipSyncOffsets(program: VirtualProgram): { readonly atMs: number; readonly offsetMs: number }[] {
  return pairUp(flashTimes(program), beepTimes(program));
}

/** Sound minus picture for each flash of an area that has a beep of the pitch within 400 ms: positive = sound late. */
export function areaOffsets(
  program: VirtualProgram,
  options: { readonly area: number; readonly hz: number },
): { readonly atMs: number; readonly offsetMs: number }[] {
  return pairUp(flashTimes(program, options.area), toneTimes(program.sound, options.hz));
}

function pairUp(flashes: readonly number[], beeps: readonly number[]): { atMs: number; offsetMs: number }[] {
  return flashes.flatMap((atMs) => {
    const nearest = beeps.reduce(
      (best, beep) => (Math.abs(beep - atMs) < Math.abs(best - atMs) ? beep : best),
      Number.POSITIVE_INFINITY,
    );
    return Math.abs(nearest - atMs) < 400 ? [{ atMs, offsetMs: nearest - atMs }] : [];
  });
}
