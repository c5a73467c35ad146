/** Whether sound is worth waiting for. Pure. */

/**
 * Pictures that come without their sound for this long do not wait for it any more. Measured by both the clock and the
 * media: after a stall the pictures of one rung may be read first, and their sound is right behind them.
 */
export const SOUND_LOST_MS = 1_500;
/** The same before the first of it. */
export const FIRST_SOUND_MS = 1_000;

export class SoundWatch {
  #heard = false;
  #aloneSinceMs: number | null = null;

  /** Sound came. */
  heard(): void {
    this.#heard = true;
    this.#aloneSinceMs = null;
  }

  /** A picture came: its sound is expected too. */
  expected(nowMs: number): void {
    this.#aloneSinceMs ??= nowMs;
  }

  /** `aheadMs`: media that there are pictures of, but no sound. */
  lost(nowMs: number, aheadMs: number): boolean {
    const bound = this.#heard ? SOUND_LOST_MS : FIRST_SOUND_MS;
    return this.#aloneSinceMs !== null && nowMs - this.#aloneSinceMs > bound && aheadMs > bound;
  }
}
