/** How much of the slate is seen: 0 = none. Moves steadily towards what is wanted, also when it changes midway. Pure. */

/** Picture to slate. */
export const FADE_OUT_MS = 600;
/** Slate to picture: quick, the viewers have waited. */
export const FADE_IN_MS = 150;

export class SlateFader {
  #weight: number;
  #atMs: number | null = null;

  constructor(options: { readonly weight: number }) {
    this.#weight = options.weight;
  }

  /** The slate's weight now. */
  get weight(): number {
    return this.#weight;
  }

  /** Moves on to `atMs` and answers the weight. */
  step(atMs: number, wantsSlate: boolean): number {
    const elapsedMs = this.#atMs === null ? 0 : Math.max(0, atMs - this.#atMs);
    this.#atMs = atMs;
    const move = wantsSlate ? elapsedMs / FADE_OUT_MS : -elapsedMs / FADE_IN_MS;
    this.#weight = Math.max(0, Math.min(1, this.#weight + move));
    return this.#weight;
  }
}
