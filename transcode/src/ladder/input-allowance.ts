/** How many pictures may wait for an encoder: the bound on the latency it can add. Pure. */
import { LAG_LIMIT_MS } from "./overload.ts";

/** A run that begins is given its own start-up time. */
const START_MS = 1_500;
/** Share of real time by which an encoder that began behind is expected to catch up. */
const CATCH_UP_SHARE = 0.25;
/** A GOP's first picture is the last to go: without it the GOP cannot be decoded. */
const GOP_START_MS = 2_500;

/**
 * Pictures that may wait when picture `index` comes.
 * `refilled`: pictures the run began with, from the history. `runningMs`: time since it began.
 */
export function inputAllowance(input: {
  readonly fps: number;
  readonly gopFrames: number;
  readonly index: number;
  readonly refilled: number;
  readonly runningMs: number;
}): number {
  const { fps, gopFrames, index, refilled, runningMs } = input;
  const behindMs = (refilled * 1_000) / fps + START_MS - runningMs * CATCH_UP_SHARE;
  // An encoder that stood still for less than the limit works it off: no picture of the program is missing.
  const steadyMs = index % gopFrames === 0 ? GOP_START_MS : LAG_LIMIT_MS;
  return (Math.max(steadyMs, behindMs) * fps) / 1_000;
}
