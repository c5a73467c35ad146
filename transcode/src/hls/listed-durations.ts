/** The durations that playlists state. Pure. */
import { type Grid, msnOfPart } from "../pack/grid.ts";
import type { WindowPart } from "./window.ts";

/** Durations are stated in units of 10 us. */
const PER_SECOND = 100_000;
/**
 * Taken off the last part of each segment, in those units. hls.js finds the segment to load next by comparing the end
 * of its buffer with the stated end of the segment, without tolerance while it loads parts; browsers count in whole
 * microseconds and end up to 1 us early. Were the stated end not a little earlier still, a player that joined in the
 * middle of a segment would load that segment's parts again and again instead of the next one's. Stated durations are
 * 10 ppm short in all, which players correct by the media's own timestamps.
 */
const SLACK = 2;

/** Seconds of each part as stated: running sums are rounded, not durations, so that errors do not add up. */
export function listedSeconds(grid: Grid, parts: readonly Pick<WindowPart, "number" | "seconds">[]): number[] {
  let end = 0;
  return parts.map((part) => {
    const start = end;
    end += part.seconds;
    const last = msnOfPart(grid, part.number + 1) !== msnOfPart(grid, part.number);
    return (Math.round(end * PER_SECOND) - Math.round(start * PER_SECOND) - (last ? SLACK : 0)) / PER_SECOND;
  });
}
