/**
 * Lets sound be heard that always comes too late. A microphone's timestamps may fall behind for good: nobody would hear
 * its sound until a report tells, or ever. Pure.
 */

/** Late for so long is late for good, not for a moment. */
const PATIENCE_MS = 200;
/** Late sound is laid so far in front of the reader. */
export const LEAD_SAMPLES = 40 * 48;

export class Deferral {
  #samples = 0;
  #wrongSinceMs: number | null = null;

  /** By how much sound is to be laid later than it is due; 0 while it comes in time. */
  get samples(): number {
    return this.#samples;
  }

  /** Takes where sound is due and how far the bus has read. True when {@link samples} is another one from now on. */
  observe(due: number, options: { readonly readEnd: number; readonly nowMs: number }): boolean {
    const { readEnd, nowMs } = options;
    const isInTime = due >= readEnd;
    const isHeard = due + this.#samples >= readEnd;
    const isRight = isHeard && isInTime === (this.#samples === 0);
    this.#wrongSinceMs = isRight ? null : (this.#wrongSinceMs ?? nowMs);
    if (this.#wrongSinceMs === null || nowMs - this.#wrongSinceMs < PATIENCE_MS) return false;
    this.#wrongSinceMs = null;
    this.#samples = isInTime ? 0 : readEnd + LEAD_SAMPLES - due;
    return true;
  }
}
