/**
 * Lets sound be heard that always comes too late. A microphone's timestamps may fall behind for good: nobody would hear
 * its sound until a report tells, or ever. Pure.
 */

/** Late for so long is late for good, not for a moment. */
const PATIENCE_MS = 200;
/** Late sound is laid at least so far in front of the reader. */
const LEAST_LEAD_SAMPLES = 40 * 48;

export class Deferral {
  #samples = 0;
  #wrongSinceMs: number | null = null;

  /** By how much sound is to be laid later than it is due; 0 while it comes in time. */
  get samples(): number {
    return this.#samples;
  }

  /**
   * Takes where sound is due, how far the bus has read, and how long the source's media wait: late sound is laid as far
   * in front of the reader, where the pictures that arrive with it are. True when {@link samples} is another one now.
   */
  observe(due: number, options: { readonly readEnd: number; readonly delay: number; readonly nowMs: number }): boolean {
    const { readEnd, delay, nowMs } = options;
    const isInTime = due >= readEnd;
    const isHeard = due + this.#samples >= readEnd;
    const isRight = isHeard && isInTime === (this.#samples === 0);
    this.#wrongSinceMs = isRight ? null : (this.#wrongSinceMs ?? nowMs);
    if (this.#wrongSinceMs === null || nowMs - this.#wrongSinceMs < PATIENCE_MS) return false;
    this.#wrongSinceMs = null;
    this.#samples = isInTime ? 0 : readEnd + Math.max(LEAST_LEAD_SAMPLES, delay) - due;
    return true;
  }
}
