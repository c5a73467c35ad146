/**
 * Send-side bandwidth estimate of one receiver from its transport-wide feedback: queueing delay and loss lower it,
 * calm raises it step by step. Pure: all times come in.
 */
import type { FeedbackEntry } from "../rtp/transport-feedback.ts";

const START_BITS = 2_500_000;
const MIN_BITS = 50_000;
const MAX_BITS = 20_000_000;
/** Packets that wait for feedback at most. */
const MAX_IN_FLIGHT = 4_096;
/** Delay above the lowest seen lately that means a queue is filling. */
const QUEUE_HIGH_MS = 120;
const QUEUE_LOW_MS = 40;
const LOSS_HIGH = 0.12;
/** Between two decreases: the effect of the first must have been seen. */
const DECREASE_EVERY_MS = 400;
/** Each try is for this much more. */
const RAISE = 1.3;
const RAISE_BITS = 50_000;
/** Between tries; doubled by each that failed, which is told by a decrease within `TRIED_MS`. */
const MIN_WAIT_MS = 1_000;
const MAX_WAIT_MS = 16_000;
const TRIED_MS = 4_000;
const WINDOW_MS = 1_000;
/** Lowest delays are forgotten after this, so that a route change does not look like a queue for ever. */
const BASE_WINDOW_MS = 10_000;

interface Sent {
  readonly atMs: number;
  readonly bytes: number;
}

interface Acked {
  readonly atMs: number;
  readonly arrivalMs: number;
  readonly bytes: number;
}

export class BandwidthEstimator {
  readonly #sent = new Map<number, Sent>();
  #acked: Acked[] = [];
  #lossWindow: { readonly atMs: number; readonly lost: number; readonly total: number }[] = [];
  #base: { readonly atMs: number; readonly delayMs: number }[] = [];
  #estimate = START_BITS;
  #decreasedMs = Number.NEGATIVE_INFINITY;
  #raisedMs = Number.NEGATIVE_INFINITY;
  #waitMs = MIN_WAIT_MS;
  #queueMs = 0;
  #heard = false;

  /** Bits a second that may be sent. */
  get estimate(): number {
    return this.#estimate;
  }

  /** Whether feedback has ever come: without it the estimate means nothing. */
  get heard(): boolean {
    return this.#heard;
  }

  /** Neither queue nor loss: more may be tried. */
  get calm(): boolean {
    return this.#queueMs < QUEUE_LOW_MS && this.#loss() < 0.02;
  }

  sent(sequence: number, bytes: number, nowMs: number): void {
    this.#sent.set(sequence, { atMs: nowMs, bytes });
    if (this.#sent.size <= MAX_IN_FLIGHT) return;
    const [oldest] = this.#sent.keys();
    if (oldest !== undefined) this.#sent.delete(oldest);
  }

  feedback(entries: readonly FeedbackEntry[], nowMs: number): void {
    let lost = 0;
    let total = 0;
    for (const { sequence, arrivalMs } of entries) {
      const sent = this.#sent.get(sequence);
      if (!sent) continue;
      total += 1;
      if (arrivalMs === undefined) {
        lost += 1;
        continue;
      }
      this.#sent.delete(sequence);
      this.#acked.push({ atMs: nowMs, arrivalMs, bytes: sent.bytes });
      this.#delay(arrivalMs - sent.atMs, nowMs);
    }
    if (total === 0) return;
    this.#heard = true;
    this.#lossWindow.push({ atMs: nowMs, lost, total });
    this.#forget(nowMs);
    this.#decide(nowMs);
  }

  /** What the receiver acknowledged over the last second, bits a second. */
  ackedRate(nowMs: number): number {
    const window = this.#acked.filter((acked) => nowMs - acked.atMs <= WINDOW_MS);
    return (window.reduce((sum, acked) => sum + acked.bytes, 0) * 8_000) / WINDOW_MS;
  }

  /**
   * Tries more, if all is calm: what is sent then shows whether the way carries it. A try that ended in a decrease
   * makes the next wait longer. Call a few times a second.
   */
  raise(nowMs: number): void {
    if (!this.#heard || !this.calm || nowMs - Math.max(this.#raisedMs, this.#decreasedMs) < this.#waitMs) return;
    this.#raisedMs = nowMs;
    this.#estimate = Math.min(MAX_BITS, this.#estimate * RAISE + RAISE_BITS);
  }

  #delay(delayMs: number, nowMs: number): void {
    const newest = this.#base.at(-1);
    // A bucket a second, each with its lowest delay.
    if (!newest || nowMs - newest.atMs >= 1_000) this.#base.push({ atMs: nowMs, delayMs });
    else if (delayMs < newest.delayMs) this.#base[this.#base.length - 1] = { atMs: newest.atMs, delayMs };
    const lowest = Math.min(...this.#base.map((bucket) => bucket.delayMs));
    this.#queueMs = 0.9 * this.#queueMs + 0.1 * (delayMs - lowest);
  }

  #decide(nowMs: number): void {
    if (nowMs - this.#decreasedMs < DECREASE_EVERY_MS) return;
    const loss = this.#loss();
    if (this.#queueMs <= QUEUE_HIGH_MS && loss <= LOSS_HIGH) return;
    this.#decreasedMs = nowMs;
    const tried = nowMs - this.#raisedMs < TRIED_MS;
    this.#waitMs = tried ? Math.min(MAX_WAIT_MS, this.#waitMs * 2) : Math.max(MIN_WAIT_MS, this.#waitMs / 2);
    const acked = this.ackedRate(nowMs);
    this.#estimate = Math.max(MIN_BITS, Math.min(this.#estimate * 0.85, 0.9 * acked));
    this.#queueMs = 0;
  }

  #loss(): number {
    const total = this.#lossWindow.reduce((sum, entry) => sum + entry.total, 0);
    return total < 20 ? 0 : this.#lossWindow.reduce((sum, entry) => sum + entry.lost, 0) / total;
  }

  #forget(nowMs: number): void {
    this.#acked = this.#acked.filter((acked) => nowMs - acked.atMs <= 2 * WINDOW_MS);
    this.#lossWindow = this.#lossWindow.filter((entry) => nowMs - entry.atMs <= WINDOW_MS);
    this.#base = this.#base.filter((bucket) => nowMs - bucket.atMs <= BASE_WINDOW_MS);
  }
}
