/** How many pictures may wait for an encoder: the bound on the latency it can add. Pure. */
import { HANG_MS, LAG_LIMIT_MS } from "./overload.ts";

/** A run that begins is given its own start-up time. */
const START_MS = 1_500;
/** Share of real time by which an encoder that began behind is expected to catch up. */
const CATCH_UP_SHARE = 0.25;
/**
 * An encoder that stood still for less works it off, and no picture of the program is missing. Players wait for the next
 * part in any case; those behind it then come faster than they are played.
 */
const STOOD_STILL_MS = 2_500;
/** What has more waiting than the limit for longer did not stand still, it is too slow. */
const WORK_OFF_MS = 5_000;

/**
 * Pictures that may wait when picture `index` comes.
 * `refilled`: pictures the run began with, from the history. `runningMs`: time since it began.
 * `overMs`: for how long more than {@link LAG_LIMIT_MS} has been waiting.
 */
export function inputAllowance(input: {
  readonly fps: number;
  readonly gopFrames: number;
  readonly index: number;
  readonly refilled: number;
  readonly runningMs: number;
  readonly overMs: number;
}): number {
  const { fps, gopFrames, index, refilled, runningMs, overMs } = input;
  const behindMs = (refilled * 1_000) / fps + START_MS - runningMs * CATCH_UP_SHARE;
  // A GOP's first picture is the last to go, without it the GOP cannot be decoded; later the encoder is replaced.
  const goesLast = index % gopFrames === 0;
  const steadyMs = goesLast ? HANG_MS : overMs < WORK_OFF_MS ? STOOD_STILL_MS : LAG_LIMIT_MS;
  return (Math.max(steadyMs, behindMs) * fps) / 1_000;
}
