/** Rates over the last seconds. Pure: all times come in. */

interface Entry {
  readonly atMs: number;
  readonly timestampMs: number;
  readonly sizeBytes: number;
}

/** How much of the past rates are measured on. */
export const WINDOW_MS = 5_000;
const MAX_ENTRIES = 2_048;

/** One track's tags of the last {@link WINDOW_MS}. */
export class TrackWindow {
  #entries: Entry[] = [];

  push(entry: Entry): void {
    this.#entries.push(entry);
    if (this.#entries.length > MAX_ENTRIES) this.#entries.shift();
    this.#forget(entry.atMs);
  }

  bitsPerSecond(nowMs: number, sinceStartMs: number): number {
    this.#forget(nowMs);
    const spanMs = Math.max(1_000, Math.min(WINDOW_MS, sinceStartMs));
    return Math.round((this.#entries.reduce((sum, entry) => sum + entry.sizeBytes, 0) * 8_000) / spanMs);
  }

  /** Frames per second by arrival, to a tenth. */
  perSecond(nowMs: number, sinceStartMs: number): number {
    this.#forget(nowMs);
    const spanMs = Math.max(1_000, Math.min(WINDOW_MS, sinceStartMs));
    return Math.round((this.#entries.length * 10_000) / spanMs) / 10;
  }

  /** Share of frame intervals (by timestamp) that are off their median by more than two fifths of it. */
  unevenShare(): number {
    const steps = this.#entries.slice(1).map((entry, i) => entry.timestampMs - (this.#entries[i]?.timestampMs ?? 0));
    if (steps.length < 20) return 0;
    const median = [...steps].sort((a, b) => a - b)[steps.length >> 1] ?? 0;
    // A millisecond is the grain of RTMP timestamps.
    const off = steps.filter((step) => Math.abs(step - median) > Math.max(2, median * 0.4)).length;
    return off / steps.length;
  }

  /** Standard deviation of the bits of each whole second, over their mean. */
  unsteadiness(nowMs: number): number {
    this.#forget(nowMs);
    const seconds = Array.from({ length: WINDOW_MS / 1_000 }, () => 0);
    for (const entry of this.#entries) {
      const index = Math.min(seconds.length - 1, Math.max(0, Math.floor((nowMs - entry.atMs) / 1_000)));
      seconds[index] = (seconds[index] ?? 0) + entry.sizeBytes;
    }
    const mean = seconds.reduce((sum, bytes) => sum + bytes, 0) / seconds.length;
    if (mean === 0) return 0;
    return Math.sqrt(seconds.reduce((sum, bytes) => sum + (bytes - mean) ** 2, 0) / seconds.length) / mean;
  }

  #forget(nowMs: number): void {
    let old = 0;
    while ((this.#entries[old]?.atMs ?? nowMs) < nowMs - WINDOW_MS) old += 1;
    if (old > 0) this.#entries.splice(0, old);
  }
}
