/**
 * Makes one continuous media time of a publisher's timestamps, which may jump: a jump opens a new span that is
 * anchored to the time of arrival. Tags of the other track that still carry the old timestamps keep the old span.
 */

/** A step larger than this in a span is looked at as a jump. */
const FORWARD_JUMP_MS = 1_000;
const BACKWARD_JUMP_MS = 500;
/** A forward step that fits the time that has really passed is a pause, not a jump. */
const PAUSE_TOLERANCE_MS = 250;

interface Span {
  readonly offsetMs: number;
  lastRawMs: number;
}

export class MediaTimeline {
  #newest: Span | null = null;
  #previous: Span | null = null;
  #jumps = 0;

  /** Timestamp jumps seen. */
  get jumps(): number {
    return this.#jumps;
  }

  /** Media time of `rawMs`; `expectedMs` is the media time that arrivals would have now. */
  map(rawMs: number, options: { readonly expectedMs: number | null }): number {
    const { expectedMs } = options;
    if (!this.#newest || expectedMs === null) {
      this.#newest ??= { offsetMs: 0, lastRawMs: rawMs };
      return rawMs + this.#newest.offsetMs;
    }
    const step = rawMs - this.#newest.lastRawMs;
    const isPause = step > 0 && Math.abs(rawMs + this.#newest.offsetMs - expectedMs) < PAUSE_TOLERANCE_MS;
    if (isPause || (step >= -BACKWARD_JUMP_MS && step <= FORWARD_JUMP_MS)) {
      this.#newest.lastRawMs = Math.max(rawMs, this.#newest.lastRawMs);
      return rawMs + this.#newest.offsetMs;
    }
    const before = this.#previous === null ? null : rawMs + this.#previous.offsetMs;
    if (before !== null && Math.abs(before - expectedMs) <= BACKWARD_JUMP_MS) return before;
    this.#jumps++;
    this.#previous = this.#newest;
    this.#newest = { offsetMs: expectedMs - rawMs, lastRawMs: rawMs };
    return expectedMs;
  }
}
