/** Puts access units, stamped in whole milliseconds, back on their exact 1024-sample grid. Pure. */
import { SAMPLES_PER_ACCESS_UNIT } from "../pack/encoded.ts";

/** Further off than this, the stamp is believed instead of the grid. */
const MAX_SNAP_SAMPLES = 512;

export class SoundGrid {
  #next: number | null = null;

  /** Sample that the next access unit must start at; null before the first. */
  get next(): number | null {
    return this.#next;
  }

  /**
   * The exact first sample of an access unit stamped near `sample`, or null when it repeats what is already out
   * (a new encoder's priming and its overlap with the last one).
   */
  place(sample: number): number | null {
    if (this.#next === null) {
      this.#next = sample;
    } else if (sample < this.#next - MAX_SNAP_SAMPLES) {
      return null;
    } else if (sample > this.#next + MAX_SNAP_SAMPLES) {
      // Sound was lost: keep the grid, skip whole access units.
      const skipped = Math.round((sample - this.#next) / SAMPLES_PER_ACCESS_UNIT);
      this.#next += skipped * SAMPLES_PER_ACCESS_UNIT;
    }
    const placed = this.#next;
    this.#next = placed + SAMPLES_PER_ACCESS_UNIT;
    return placed;
  }
}
