/** Cuts one rung's pictures into parts on the program's grid. Pure. */
import type { EncodedPicture } from "./encoded.ts";
import type { FragmentSample } from "./fragment.ts";
import { firstPictureOfPart, type Grid, partOfPicture } from "./grid.ts";

/** The video of one part. Its samples fill the part from its first tick on, without a hole. */
export interface PictureCut {
  readonly part: number;
  /** Pictures of time it covers: the part's length, less only when cut short by {@link PictureCutter.flush}. */
  readonly frames: number;
  /** Whether it starts with a keyframe. */
  readonly independent: boolean;
  readonly samples: readonly FragmentSample[];
}

/**
 * A part closes as soon as the picture with its last index is there: no waiting for the next one. When that picture
 * is missing it closes at the next later one. A missing picture's time goes to the picture before it, or, at the
 * start of a part whose predecessor is out already, to the picture after it.
 */
export class PictureCutter {
  readonly #grid: Grid;
  #open: EncodedPicture[] = [];
  #lastIndex = -1;
  #started = false;
  #dropped = 0;

  constructor(grid: Grid) {
    this.#grid = grid;
  }

  /** Pictures not used: before the first keyframe, or not later than the one before. */
  get dropped(): number {
    return this.#dropped;
  }

  /** The parts that this picture completes, in order: none, one or (after missing pictures) two. */
  push(picture: EncodedPicture): PictureCut[] {
    if (picture.index <= this.#lastIndex || !(this.#started || picture.key)) {
      this.#dropped++;
      return [];
    }
    const cuts: PictureCut[] = [];
    const part = partOfPicture(this.#grid, picture.index);
    const open = this.#open[0];
    if (open && partOfPicture(this.#grid, open.index) !== part) cuts.push(this.#close(this.#grid.partFrames));
    this.#started = true;
    this.#lastIndex = picture.index;
    this.#open.push(picture);
    if (picture.index === firstPictureOfPart(this.#grid, part + 1) - 1) cuts.push(this.#close(this.#grid.partFrames));
    return cuts;
  }

  /** Closes the open part after its last picture; the next picture taken is a keyframe. */
  flush(): PictureCut | null {
    this.#started = false;
    const open = this.#open[0];
    if (!open) return null;
    const start = firstPictureOfPart(this.#grid, partOfPicture(this.#grid, open.index));
    return this.#close(this.#lastIndex + 1 - start);
  }

  #close(frames: number): PictureCut {
    const pictures = this.#open;
    this.#open = [];
    const part = partOfPicture(this.#grid, pictures[0]?.index ?? 0);
    const start = firstPictureOfPart(this.#grid, part);
    const samples = pictures.map((picture, at) => {
      const from = at === 0 ? start : picture.index;
      const to = pictures[at + 1]?.index ?? start + frames;
      return { data: picture.data, key: picture.key, duration: (to - from) * this.#grid.ticksPerFrame };
    });
    return { part, frames, independent: samples[0]?.key === true, samples };
  }
}

/** The first pictures of a cut, up to index `endIndex`; null when none of it lies before that. */
export function trimCut(grid: Grid, cut: PictureCut, endIndex: number): PictureCut | null {
  const frames = Math.min(cut.frames, endIndex - firstPictureOfPart(grid, cut.part));
  if (frames === cut.frames) return cut;
  if (frames <= 0) return null;
  const samples: FragmentSample[] = [];
  let left = frames * grid.ticksPerFrame;
  for (const sample of cut.samples) {
    if (left <= 0) break;
    samples.push({ ...sample, duration: Math.min(sample.duration, left) });
    left -= sample.duration;
  }
  return { ...cut, frames, samples };
}
