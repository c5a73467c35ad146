/**
 * Relates a publisher's media clock to ours by arrivals alone: `base` is the least (arrival - media time) of the
 * last 10 s, so a tag that met no delay on its way has lateness 0. One per source, shared by sound and picture.
 */

export const WINDOW_MS = 10_000;
const BUCKET_MS = 250;
/** Follows clock drift (100 ppm = 0.1 ms/s) without a visible change of lip sync. */
export const SLEW_MS_PER_S = 5;
/** At the start the newest tag decides at once, until arrivals have been paced for this long. */
const SETTLE_MS = 400;
const SETTLE_MOST_MS = 5_000;
const OUTLIER_MS = 250;
const OUTLIER_COUNT = 25;
/** Late outliers may be a burst after a stall; early ones cannot be explained by a network. */
const OUTLIER_LATE_SPAN_MS = 1_000;
const OUTLIER_EARLY_SPAN_MS = 300;

interface Bucket {
  readonly startMs: number;
  leastMs: number;
}

export class SourceClock {
  #baseMs: number | null = null;
  #firstMs = 0;
  #lastMs = 0;
  #settledAtMs = 0;
  #buckets: Bucket[] = [];
  #outliers: { sign: number; count: number; sinceMs: number; nearestMs: number } | null = null;
  #jumps = 0;

  /** Arrival time minus media time of an undelayed tag; null before the first. */
  get baseMs(): number | null {
    return this.#baseMs;
  }

  /** Times the base was set anew after sustained outliers. */
  get jumps(): number {
    return this.#jumps;
  }

  /** True once arrivals are paced: the burst at the start of a body is over. */
  isSettled(atMs: number): boolean {
    return this.#baseMs !== null && atMs >= this.#settledAtMs;
  }

  /** Takes one arrival; returns its lateness in milliseconds (0 = least delayed). */
  observe(mediaMs: number, arrivalMs: number): number {
    const offsetMs = arrivalMs - mediaMs;
    if (this.#baseMs === null) {
      this.#baseMs = offsetMs;
      this.#firstMs = arrivalMs;
      this.#lastMs = arrivalMs;
      this.#settledAtMs = arrivalMs + SETTLE_MS;
    }
    this.#remember(offsetMs, arrivalMs);
    if (arrivalMs < this.#settledAtMs) this.#settle(offsetMs, arrivalMs);
    else this.#slew(offsetMs, arrivalMs);
    this.#lastMs = arrivalMs;
    return offsetMs - this.#baseMs;
  }

  #settle(offsetMs: number, arrivalMs: number): void {
    const base = this.#baseMs ?? offsetMs;
    if (offsetMs >= base) return;
    if (base - offsetMs > 20) {
      this.#settledAtMs = Math.min(arrivalMs + SETTLE_MS, this.#firstMs + SETTLE_MOST_MS);
    }
    this.#baseMs = offsetMs;
  }

  #slew(offsetMs: number, arrivalMs: number): void {
    const base = this.#baseMs ?? offsetMs;
    if (this.#jumped(offsetMs - base, offsetMs, arrivalMs)) return;
    let least = Number.POSITIVE_INFINITY;
    for (const bucket of this.#buckets) least = Math.min(least, bucket.leastMs);
    const most = ((arrivalMs - this.#lastMs) * SLEW_MS_PER_S) / 1_000;
    this.#baseMs = base + Math.max(-most, Math.min(most, least - base));
  }

  #jumped(latenessMs: number, offsetMs: number, arrivalMs: number): boolean {
    if (Math.abs(latenessMs) <= OUTLIER_MS) {
      this.#outliers = null;
      return false;
    }
    const sign = Math.sign(latenessMs);
    if (this.#outliers?.sign !== sign) {
      this.#outliers = { sign, count: 0, sinceMs: arrivalMs, nearestMs: offsetMs };
    }
    const run = this.#outliers;
    run.count++;
    run.nearestMs = Math.min(run.nearestMs, offsetMs);
    const spanMs = sign > 0 ? OUTLIER_LATE_SPAN_MS : OUTLIER_EARLY_SPAN_MS;
    if (run.count < OUTLIER_COUNT || arrivalMs - run.sinceMs < spanMs) return false;
    this.#baseMs = run.nearestMs;
    this.#buckets = [{ startMs: arrivalMs, leastMs: run.nearestMs }];
    this.#outliers = null;
    this.#jumps++;
    return true;
  }

  #remember(offsetMs: number, arrivalMs: number): void {
    const newest = this.#buckets.at(-1);
    if (newest && arrivalMs - newest.startMs < BUCKET_MS) newest.leastMs = Math.min(newest.leastMs, offsetMs);
    else this.#buckets.push({ startMs: arrivalMs, leastMs: offsetMs });
    while (this.#buckets[0] && this.#buckets[0].startMs < arrivalMs - WINDOW_MS) this.#buckets.shift();
  }
}
