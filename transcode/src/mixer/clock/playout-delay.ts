/**
 * How long media waits before it is due: as short as the lateness of the last 12 s allows. A single stall does
 * not count (the program skips over it); what comes back often does, and at once.
 */

export const MAX_DELAY_MS = 400;
const MARGIN_MS = 5;
const WINDOW_MS = 12_000;
const BUCKET_MS = 250;
/** Worst buckets that are left out: that many lone stalls in the window cost no latency afterwards. */
const FORGIVEN = 2;
/** A step up smaller than this is walked, not jumped. */
const JUMP_MS = 8;
const GROW_MS_PER_S = 4;
const SHRINK_MS_PER_S = 2;
/** Less is not worth the picture that a change of phase may cost. */
const WORTH_MS = 16;
/** Far above what is needed, the way back is as fast as sound can be stretched. */
const FAR_MS = 20;
const FAR_SHRINK_MS_PER_S = 5;

export interface DelayLimits {
  readonly initialMs: number;
  readonly minMs: number;
}

export class PlayoutDelay {
  readonly #minMs: number;
  #delayMs: number;
  #buckets: { startMs: number; worstMs: number }[] = [];
  #lastMs: number | null = null;
  #isShrinking = false;

  constructor(limits: DelayLimits) {
    this.#minMs = limits.minMs;
    this.#delayMs = limits.initialMs;
  }

  /** The delay now, in milliseconds. */
  get ms(): number {
    return this.#delayMs;
  }

  /** Takes the lateness of one tag (or of one decoded picture). */
  observe(latenessMs: number, atMs: number): void {
    const newest = this.#buckets.at(-1);
    if (newest && atMs - newest.startMs < BUCKET_MS) {
      newest.worstMs = Math.max(newest.worstMs, latenessMs);
      return;
    }
    this.#buckets.push({ startMs: atMs, worstMs: latenessMs });
    while (this.#buckets[0] && this.#buckets[0].startMs < atMs - WINDOW_MS) this.#buckets.shift();
    this.#adapt(atMs);
  }

  #adapt(atMs: number): void {
    const elapsedS = this.#lastMs === null ? 0 : Math.min(1, (atMs - this.#lastMs) / 1_000);
    this.#lastMs = atMs;
    const target = this.#target();
    const gap = target - this.#delayMs;
    if (gap > JUMP_MS) this.#delayMs = target;
    else if (gap > 0) this.#delayMs += Math.min(gap, GROW_MS_PER_S * elapsedS);
    else this.#shrink(gap, elapsedS);
  }

  #shrink(gap: number, elapsedS: number): void {
    if (gap > -1) this.#isShrinking = false;
    else if (gap < -WORTH_MS) this.#isShrinking = true;
    if (!this.#isShrinking) return;
    const rate = gap < -FAR_MS ? FAR_SHRINK_MS_PER_S : SHRINK_MS_PER_S;
    this.#delayMs += Math.max(gap, -rate * elapsedS);
  }

  #target(): number {
    if (this.#buckets.length <= FORGIVEN) return this.#delayMs;
    const worst = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const { worstMs } of this.#buckets) insertDescending(worst, worstMs);
    return Math.max(this.#minMs, Math.min(MAX_DELAY_MS, (worst[FORGIVEN] ?? 0) + MARGIN_MS));
  }
}

function insertDescending(worst: number[], value: number): void {
  for (let i = 0; i < worst.length; i++) {
    if (value > (worst[i] ?? 0)) {
      worst.splice(i, 0, value);
      worst.pop();
      return;
    }
  }
}
