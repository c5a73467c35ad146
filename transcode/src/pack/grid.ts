/**
 * The grid that all of a program's media lies on. Pure.
 *
 * A program counts its pictures from its own zero; parts and segments are fixed runs of pictures, so a part number
 * and a media sequence number follow from a picture's index alone: alike on all rungs and after any restart.
 */

/** Ticks per second of every video track. */
export const VIDEO_TIMESCALE = 90_000;
/** Ticks per second of every audio track. */
export const AUDIO_TIMESCALE = 48_000;

/** Lengths in pictures; parts divide GOPs, GOPs divide segments. */
export interface GridSizes {
  readonly fps: number;
  readonly partFrames: number;
  readonly gopFrames: number;
  readonly segmentFrames: number;
}

export interface Grid extends GridSizes {
  readonly partsPerSegment: number;
  readonly partSeconds: number;
  readonly segmentSeconds: number;
  /** EXT-X-TARGETDURATION: no segment is longer. */
  readonly targetDurationSeconds: number;
  readonly ticksPerFrame: number;
  readonly samplesPerFrame: number;
}

const whole = (value: number): boolean => Number.isSafeInteger(value) && value > 0;

/** Throws RangeError when the lengths do not divide each other or the timescales. */
export function createGrid(sizes: GridSizes): Grid {
  const { fps, partFrames, gopFrames, segmentFrames } = sizes;
  if (![fps, partFrames, gopFrames, segmentFrames].every(whole)) throw new RangeError("grid lengths must be whole");
  if (gopFrames % partFrames || segmentFrames % gopFrames) throw new RangeError("parts, GOPs and segments must nest");
  if (VIDEO_TIMESCALE % fps || AUDIO_TIMESCALE % fps) throw new RangeError(`frame rate ${fps} has no whole ticks`);
  return {
    ...sizes,
    partsPerSegment: segmentFrames / partFrames,
    partSeconds: partFrames / fps,
    segmentSeconds: segmentFrames / fps,
    targetDurationSeconds: Math.ceil(segmentFrames / fps),
    ticksPerFrame: VIDEO_TIMESCALE / fps,
    samplesPerFrame: AUDIO_TIMESCALE / fps,
  };
}

/** Number of the part that holds a picture; counts on over segments, so it names a part for ever. */
export const partOfPicture = (grid: Grid, index: number): number => Math.floor(index / grid.partFrames);

/** Media sequence number of a part's segment. */
export const msnOfPart = (grid: Grid, part: number): number => Math.floor(part / grid.partsPerSegment);

/** Index of a part's first picture. */
export const firstPictureOfPart = (grid: Grid, part: number): number => part * grid.partFrames;
