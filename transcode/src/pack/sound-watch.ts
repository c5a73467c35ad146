/** Whether sound is worth waiting for. Pure. */

/** Sound that has not come for this long is not waited for any more. */
export const SOUND_LOST_MS = 500;
/** The same before the first of it. */
export const FIRST_SOUND_MS = 1_000;

export class SoundWatch {
  #heardAtMs: number | null = null;
  #expectedFromMs: number | null = null;

  /** Sound came. */
  heard(nowMs: number): void {
    this.#heardAtMs = nowMs;
  }

  /** A picture came: from the first on, sound is expected too. */
  expected(nowMs: number): void {
    this.#expectedFromMs ??= nowMs;
  }

  lost(nowMs: number): boolean {
    if (this.#heardAtMs !== null) return nowMs - this.#heardAtMs > SOUND_LOST_MS;
    return this.#expectedFromMs !== null && nowMs - this.#expectedFromMs > FIRST_SOUND_MS;
  }
}
