/** Drift and lateness of a publisher's clock against ours. Pure: all times come in. */

interface Point {
  readonly atMs: number;
  /** Arrival minus media time: constant for equal clocks, larger when the network held the tag. */
  readonly offsetMs: number;
}

/** How long must be seen before drift is told, and how much is kept. */
export const DRIFT_MIN_MS = 60_000;
export const DRIFT_KEEP_MS = 600_000;
const BUCKET_MS = 1_000;
/** Tags whose lateness is kept: five seconds of any real encoder. */
const MAX_LATENESS = 2_048;
/** A step of the offset beyond these starts the measurement again: media time jumped forward, or back. */
const RESTART_EARLY_MS = 1_000;
const RESTART_LATE_MS = 10_000;

/**
 * Least squares over the earliest tag of each second: queues in the network only ever delay,
 * so the earliest tags follow the clock and the others tell how late media comes.
 */
export class DriftMeter {
  #points: Point[] = [];
  #bucket: Point | undefined;
  #lateness: { readonly atMs: number; readonly lateMs: number }[] = [];

  push(timestampMs: number, arrivalMs: number): void {
    const offsetMs = arrivalMs - timestampMs;
    const floorMs = this.#floorMs(offsetMs);
    const known = this.#bucket !== undefined;
    if (known && (offsetMs - this.#floorMs() < -RESTART_EARLY_MS || offsetMs - floorMs > RESTART_LATE_MS))
      this.#restart();
    this.#lateness.push({ atMs: arrivalMs, lateMs: offsetMs - this.#floorMs(offsetMs) });
    const oldestMs = arrivalMs - 5_000;
    if (this.#lateness.length > MAX_LATENESS) this.#lateness.shift();
    while ((this.#lateness[0]?.atMs ?? oldestMs) < oldestMs) this.#lateness.shift();
    if (!this.#bucket) this.#bucket = { atMs: arrivalMs, offsetMs };
    else if (arrivalMs - this.#bucket.atMs >= BUCKET_MS) this.#close({ atMs: arrivalMs, offsetMs });
    else if (offsetMs < this.#bucket.offsetMs) this.#bucket = { atMs: this.#bucket.atMs, offsetMs };
  }

  /** Parts per million by which the publisher's clock is fast; 0 until {@link DRIFT_MIN_MS} have been seen. */
  driftPpm(): number {
    const points = this.#points;
    const first = points[0];
    const last = points.at(-1);
    if (!first || !last || last.atMs - first.atMs < DRIFT_MIN_MS) return 0;
    const meanX = points.reduce((sum, point) => sum + point.atMs, 0) / points.length;
    const meanY = points.reduce((sum, point) => sum + point.offsetMs, 0) / points.length;
    let covariance = 0;
    let variance = 0;
    for (const point of points) {
      covariance += (point.atMs - meanX) * (point.offsetMs - meanY);
      variance += (point.atMs - meanX) ** 2;
    }
    // A fast clock's media time grows faster than ours, so its offset falls.
    return variance === 0 ? 0 : Math.round((-covariance / variance) * 1e7) / 10 || 0;
  }

  /** Lateness that one tag in twenty of the last five seconds exceeded. */
  lateMs(): number {
    const sorted = this.#lateness.map((entry) => entry.lateMs).sort((a, b) => a - b);
    return Math.round(sorted[Math.floor(sorted.length * 0.95)] ?? 0);
  }

  #close(next: Point): void {
    if (this.#bucket) this.#points.push(this.#bucket);
    this.#bucket = next;
    while ((this.#points[0]?.atMs ?? next.atMs) < next.atMs - DRIFT_KEEP_MS) this.#points.shift();
  }

  /** The earliest offset of the last half minute: what "in time" means now. */
  #floorMs(current = Number.POSITIVE_INFINITY): number {
    let floorMs = Math.min(current, this.#bucket?.offsetMs ?? current);
    for (const point of this.#points.slice(-30)) floorMs = Math.min(floorMs, point.offsetMs);
    return floorMs;
  }

  #restart(): void {
    this.#points = [];
    this.#bucket = undefined;
    this.#lateness = [];
  }
}
