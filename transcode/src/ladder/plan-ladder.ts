/** From what the source is and what the machine can do to the program's format and its rungs. Pure. */
import type { ProgramFormat, Rung } from "../contract.ts";

/** What the machine and the operator allow. */
export interface LadderLimits {
  readonly cores: number;
  /** Largest short side in pixels; 0 = by the number of cores. */
  readonly maxHeight: number;
  /** Highest frame rate; 0 = by the number of cores. */
  readonly maxFps: number;
  readonly hardware: boolean;
}

export interface LadderPlan {
  readonly format: ProgramFormat;
  /** Highest first, audio-only last. */
  readonly rungs: readonly Rung[];
  /** Why there is less than the source would allow; empty when there is not. */
  readonly note: string;
}

/** Name of the audio-only rung. */
export const AUDIO_RUNG = "audio";
export const AUDIO_BITS_PER_SECOND = 128_000;

const FRAME_RATES = [24, 25, 30, 48, 50, 60] as const;
/** Short side of each rung and its bit rate at 30 fps. */
const STEPS = [
  { side: 1080, bitsPerSecond: 4_500_000 },
  { side: 720, bitsPerSecond: 2_000_000 },
  { side: 480, bitsPerSecond: 1_000_000 },
  { side: 360, bitsPerSecond: 600_000 },
] as const;
/** Cores that one pixel a second costs x264 veryfast, decode and scaling aside; 720p30 is about 0.29. */
const CORES_PER_PIXEL_RATE = 1.05e-8;
/** Share of the machine that one program's encoders may plan on. */
const CORE_SHARE = 0.45;

/** The allowed frame rate nearest to what was measured; 29.97 becomes 30. */
export function nearestFrameRate(fps: number, maxFps: number): number {
  const wanted = Number.isFinite(fps) && fps >= 10 ? fps : 30;
  const allowed = FRAME_RATES.filter((rate) => rate <= maxFps);
  // A source above the limit is halved where that keeps its cadence: 60 becomes 30, 50 becomes 25.
  const target = wanted > maxFps && wanted / 2 <= maxFps + 0.5 ? wanted / 2 : wanted;
  return allowed.reduce((best, rate) => (Math.abs(rate - target) < Math.abs(best - target) ? rate : best), 24);
}

const even = (value: number): number => Math.max(2, Math.round(value / 2) * 2);

function sized(source: { readonly width: number; readonly height: number }, side: number) {
  const short = Math.min(source.width, source.height);
  const scale = Math.min(1, side / short);
  return { width: even(source.width * scale), height: even(source.height * scale) };
}

/** Plans a program: never larger than its source, IDR grid left to the caller, audio-only rung always there. */
export function planLadder(
  source: { readonly width: number; readonly height: number; readonly fps: number },
  limits: LadderLimits,
): LadderPlan {
  const small = limits.cores < 4 && !limits.hardware;
  const maxFps = limits.maxFps || (small ? 30 : 60);
  const maxSide = limits.maxHeight || (small ? 720 : 1080);
  const fps = nearestFrameRate(source.fps, maxFps);
  const shortSide = Math.min(source.width, source.height);
  const top = Math.min(shortSide, maxSide);
  const format = { ...sized(source, top), fps };

  const candidates = [{ side: top, bitsPerSecond: bitsFor(top) }, ...STEPS.filter((step) => step.side <= top * 0.8)];
  const budget = limits.hardware ? Number.POSITIVE_INFINITY : limits.cores * CORE_SHARE;
  let spent = 0;
  const rungs: Rung[] = [];
  let left = 0;
  for (const step of candidates) {
    const size = sized(source, step.side);
    const cost = size.width * size.height * fps * CORES_PER_PIXEL_RATE;
    if (rungs.length > 0 && spent + cost > budget) {
      left++;
      continue;
    }
    spent += cost;
    rungs.push({
      name: `${Math.min(size.width, size.height)}p`,
      ...size,
      fps,
      videoBitsPerSecond: Math.round(step.bitsPerSecond * (fps > 30 ? 1.5 : 1)),
      audioBitsPerSecond: AUDIO_BITS_PER_SECOND,
    });
  }
  rungs.push({
    name: AUDIO_RUNG,
    width: 0,
    height: 0,
    fps: 0,
    videoBitsPerSecond: 0,
    audioBitsPerSecond: AUDIO_BITS_PER_SECOND,
  });
  return { format, rungs, note: note({ source, shortSide, top, fps, left, limits }) };
}

function bitsFor(side: number): number {
  const above = [...STEPS].reverse().find((step) => step.side >= side) ?? STEPS[0];
  const scaled = above.bitsPerSecond * (side / above.side) ** 1.5;
  return Math.max(300_000, Math.round(scaled / 50_000) * 50_000);
}

function note(facts: {
  readonly source: { readonly fps: number };
  readonly shortSide: number;
  readonly top: number;
  readonly fps: number;
  readonly left: number;
  readonly limits: LadderLimits;
}): string {
  const parts: string[] = [];
  if (facts.top < facts.shortSide) parts.push(`picture reduced from ${facts.shortSide}p to ${facts.top}p`);
  if (facts.source.fps > facts.fps + 1) parts.push(`frame rate reduced to ${facts.fps}`);
  if (facts.left > 0) parts.push(`${facts.left} rung${facts.left > 1 ? "s" : ""} left out`);
  if (parts.length === 0) return "";
  const why = facts.limits.maxHeight || facts.limits.maxFps ? "by the settings and the machine" : "by the machine";
  return `${parts.join(", ")} (limited ${why}: ${facts.limits.cores} cores)`;
}

/** The program's grid: whole frames in a part, parts in a GOP (about 1 s), GOPs in a segment (about 2 s). */
export function planGrid(
  fps: number,
  partTargetMs: number,
): { readonly partFrames: number; readonly gopFrames: number; readonly segmentFrames: number } {
  const partFrames = Math.max(2, Math.round((partTargetMs * fps) / 1_000));
  const gopFrames = partFrames * Math.max(1, Math.round(fps / partFrames));
  return { partFrames, gopFrames, segmentFrames: gopFrames * 2 };
}

/** The rung to give up next under overload: middle rungs from the lowest up, then the top; the last one stays. */
export function nextToShed(rungs: readonly Rung[], shed: readonly string[]): Rung | null {
  const video = rungs.filter((rung) => rung.width > 0 && !shed.includes(rung.name));
  if (video.length <= 1) return null;
  return video.at(-2) ?? null;
}
