/** How much comes through; shared by all buckets of a kind, as there are thousands. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** Lets `perSecond` through on average and `burst` at once. */
export class TokenBucket {
  readonly #rate: Rate;
  #tokens: number;
  #atMs: number;

  constructor(rate: Rate, nowMs: number) {
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#atMs = nowMs;
  }

  /** Takes one; answers 0, or how long until there is one. */
  take(nowMs: number): number {
    this.#tokens = this.#at(nowMs);
    this.#atMs = nowMs;
    if (this.#tokens < 1) return Math.ceil(((1 - this.#tokens) / this.#rate.perSecond) * 1_000);
    this.#tokens -= 1;
    return 0;
  }

  /** Whether it has not been used for so long that a new one would be the same. */
  isFull(nowMs: number): boolean {
    return this.#at(nowMs) >= this.#rate.burst;
  }

  #at(nowMs: number): number {
    const { perSecond, burst } = this.#rate;
    return Math.min(burst, this.#tokens + ((nowMs - this.#atMs) / 1_000) * perSecond);
  }
}
