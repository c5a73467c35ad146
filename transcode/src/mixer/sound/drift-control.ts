/** Keeps a source's sound at its wanted position by stretching it, unnoticeably; jumps only when far off. Pure. */

/** At most 0.5 %. */
export const MAX_STRETCH_SAMPLES = 240;
const GAIN = 0.25;
const SMOOTHING = 0.08;
const RESYNC_SAMPLES = 60 * 48;
const ADJUST_MS = 1_000;

export type DriftAction =
  | { readonly kind: "none" }
  /** Spread `samples` over the next second. */
  | { readonly kind: "stretch"; readonly samples: number }
  /** Move the write position to the wanted one. */
  | { readonly kind: "resync" };

export class DriftControl {
  #error = 0;
  #adjustedMs = 0;

  /** Smoothed (wanted - actual) position in samples: sound plays this much early. */
  get errorSamples(): number {
    return this.#error;
  }

  /** Takes one error sample and says what to do. */
  observe(errorSamples: number, atMs: number): DriftAction {
    this.#error += (errorSamples - this.#error) * SMOOTHING;
    if (Math.abs(this.#error) > RESYNC_SAMPLES) return { kind: "resync" };
    if (atMs - this.#adjustedMs < ADJUST_MS) return { kind: "none" };
    this.#adjustedMs = atMs;
    const samples = Math.round(this.#error * GAIN);
    return { kind: "stretch", samples: Math.max(-MAX_STRETCH_SAMPLES, Math.min(MAX_STRETCH_SAMPLES, samples)) };
  }

  /** The position was corrected. */
  resynced(): void {
    this.#error = 0;
  }
}
