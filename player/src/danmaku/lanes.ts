/**
 * Lanes of texts that cross the picture (弹幕). Pure: sizes and times in, a lane or a refusal out.
 *
 * Every text takes the same time from edge to edge, so a longer one is faster. In its lane it must neither touch the
 * one before it at the right edge, nor catch up with it before that one has left at the left edge.
 */

/** Pixels between two texts of a lane. */
const GAP_PX = 24;

/** A text in its lane. */
interface Crossing {
  readonly startMs: number;
  readonly widthPx: number;
}

export interface LaneOptions {
  readonly lanes: number;
  readonly widthPx: number;
  /** From entering at the right edge to having left at the left edge. */
  readonly crossMs: number;
  /** Texts stand in their lane for that long instead of crossing. */
  readonly isStill?: boolean;
}

export class Lanes {
  #options: LaneOptions;
  #last: (Crossing | undefined)[];

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#last = Array.from({ length: options.lanes }, () => undefined);
  }

  /** Another picture size or number of lanes; what is under way keeps its lane. */
  resize(options: LaneOptions): void {
    this.#options = options;
    this.#last = Array.from({ length: options.lanes }, (_, lane) => this.#last[lane]);
  }

  /** Takes the uppermost free lane; undefined when there is none now. */
  take(widthPx: number, nowMs: number): number | undefined {
    const lane = this.#last.findIndex((last) => !last || nowMs >= freeAtMs(last, widthPx, this.#options));
    if (lane < 0) return undefined;
    this.#last[lane] = { startMs: nowMs, widthPx };
    return lane;
  }
}

/** When a text of this width may follow `last` in its lane. */
export function freeAtMs(last: Crossing, widthPx: number, options: LaneOptions): number {
  const { widthPx: picturePx, crossMs, isStill = false } = options;
  if (isStill) return last.startMs + crossMs;
  const lastPxPerMs = (picturePx + last.widthPx) / crossMs;
  const enteredMs = last.startMs + (last.widthPx + GAP_PX) / lastPxPerMs;
  const pxPerMs = (picturePx + widthPx) / crossMs;
  // the new one's front reaches the left edge when the last one's end has left it
  const notBeforeMs = last.startMs + crossMs - picturePx / pxPerMs;
  return Math.max(enteredMs, notBeforeMs);
}
