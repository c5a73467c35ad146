/** What a receiver's transport-wide feedback says of the way to it: how fast, how late, how much is lost. Pure. */
import type { FeedbackEntry } from "../rtp/transport-feedback.ts";

/** Packets that wait for feedback at most. */
const MAX_IN_FLIGHT = 4_096;
/** Lowest delays are forgotten after this, so that a route change does not look like a queue for ever. */
const BASE_WINDOW_MS = 10_000;
/** A queue is in the way of each packet of this time; what delays some of them only is no queue. */
const QUEUE_WINDOW_MS = 120;
const QUEUE_PACKETS = 5;
const LOSS_WINDOW_MS = 1_000;
/** Fewer say nothing of loss. */
const LOSS_PACKETS = 10;
/** Short, so that a way grown narrow shows within it; of a queue that is younger, what came since it began. */
const RATE_WINDOW_MS = 300;
const LEAST_RATE_WINDOW_MS = 150;
/** Long, so that what a way lets through at once now and then does not count for what it carries. */
const STEADY_WINDOW_MS = 2_000;
const KEPT_MS = 3_000;
/** Packets overtake each other by no more. */
const REORDERED_MS = 200;

interface Sent {
  readonly atMs: number;
  readonly bytes: number;
}

interface Arrived {
  readonly sentMs: number;
  /** On the receiver's clock. */
  readonly arrivalMs: number;
  readonly bytes: number;
}

/** Of one feedback. */
interface LossEntry {
  /** When the first of its packets was sent. */
  readonly sentMs: number;
  readonly atMs: number;
  readonly lost: number;
  readonly total: number;
}

/** How packets sent within a time came through. */
export interface Passage {
  /** Bits a second at which they arrived. */
  readonly bitsPerSecond: number;
  /** Share of them that did not, 0 to 1. */
  readonly lost: number;
}

export class Arrivals {
  readonly #sent = new Map<number, Sent>();
  readonly #arrived: Arrived[] = [];
  #losses: LossEntry[] = [];
  #base: { readonly atMs: number; readonly delayMs: number }[] = [];
  #feedbackMs = Number.NEGATIVE_INFINITY;
  #newestSentMs = Number.NEGATIVE_INFINITY;
  #newestArrivalMs = Number.NEGATIVE_INFINITY;

  sent(sequence: number, bytes: number, nowMs: number): void {
    this.#sent.set(sequence, { atMs: nowMs, bytes });
    if (this.#sent.size <= MAX_IN_FLIGHT) return;
    const [oldest] = this.#sent.keys();
    if (oldest !== undefined) this.#sent.delete(oldest);
  }

  /** Whether it was about anything sent. */
  feedback(entries: readonly FeedbackEntry[], nowMs: number): boolean {
    let lost = 0;
    let total = 0;
    let sentMs = Number.POSITIVE_INFINITY;
    for (const { sequence, arrivalMs } of entries) {
      const sent = this.#sent.get(sequence);
      if (!sent) continue;
      total += 1;
      sentMs = Math.min(sentMs, sent.atMs);
      this.#newestSentMs = Math.max(this.#newestSentMs, sent.atMs);
      if (arrivalMs === undefined) {
        lost += 1;
        continue;
      }
      this.#sent.delete(sequence);
      this.#newestArrivalMs = Math.max(this.#newestArrivalMs, arrivalMs);
      this.#arrived.push({ sentMs: sent.atMs, arrivalMs, bytes: sent.bytes });
      this.#noteBase(arrivalMs - sent.atMs, nowMs);
    }
    if (total === 0) return false;
    this.#feedbackMs = nowMs;
    this.#losses.push({ sentMs, atMs: nowMs, lost, total });
    this.#forget(nowMs);
    return true;
  }

  /** When the newest packet that feedback has told of was sent. */
  get newestSentMs(): number {
    return this.#newestSentMs;
  }

  /** How long packets wait on the way beyond what the way takes by itself. */
  get queueMs(): number {
    const recent = this.#recent(QUEUE_WINDOW_MS);
    const latest = recent.length < QUEUE_PACKETS ? this.#arrived.slice(-QUEUE_PACKETS) : recent;
    if (latest.length < QUEUE_PACKETS) return 0;
    const least = Math.min(...latest.map(({ arrivalMs, sentMs }) => arrivalMs - sentMs));
    return least - Math.min(...this.#base.map(({ delayMs }) => delayMs));
  }

  /** Share lost of what was sent since, in the better half of the last second: once is no loss that goes on. 0 to 1. */
  lossShare(sinceMs: number): number {
    const entries = this.#losses.filter(({ sentMs }) => sentMs >= sinceMs);
    const halfMs = this.#feedbackMs - LOSS_WINDOW_MS / 2;
    return Math.min(
      shareOf(entries.filter(({ atMs }) => atMs > halfMs)),
      shareOf(entries.filter(({ atMs }) => atMs <= halfMs)),
    );
  }

  /** How long what is on its way takes to arrive at the rate at which it does. */
  get drainMs(): number {
    let bytes = 0;
    for (const sent of this.#sent.values()) if (sent.atMs > this.#newestSentMs) bytes += sent.bytes;
    return (bytes * 8_000) / Math.max(1, this.rate);
  }

  /** Bits a second that have arrived lately. */
  get rate(): number {
    const windowMs = Math.max(LEAST_RATE_WINDOW_MS, Math.min(RATE_WINDOW_MS, this.queueMs));
    return rateOf(this.#recent(windowMs), windowMs);
  }

  /** Bits a second that have arrived for some time, of what was sent since. */
  steadyRate(sinceMs: number): number {
    return rateOf(
      this.#recent(STEADY_WINDOW_MS).filter(({ sentMs }) => sentMs >= sinceMs),
      STEADY_WINDOW_MS,
    );
  }

  /** Of the packets sent within a time, whose feedback is here; undefined when too few arrived to tell. */
  passage(fromMs: number, toMs: number, packets: number): Passage | undefined {
    const came = this.#arrived.filter(({ sentMs }) => sentMs >= fromMs && sentMs <= toMs);
    if (came.length < 2) return undefined;
    const arrivals = came.map(({ arrivalMs }) => arrivalMs);
    const spanMs = Math.max(1, Math.max(...arrivals) - Math.min(...arrivals));
    // The first packet's time lies before the span.
    const bytes = came.slice(1).reduce((sum, packet) => sum + packet.bytes, 0);
    return { bitsPerSecond: (bytes * 8_000) / spanMs, lost: Math.max(0, 1 - came.length / Math.max(1, packets)) };
  }

  /** What arrived last; looks at no more than that, as this is asked often. */
  #recent(windowMs: number): Arrived[] {
    const sinceMs = this.#newestArrivalMs - windowMs;
    const from = this.#arrived.findLastIndex(({ arrivalMs }) => arrivalMs < sinceMs - REORDERED_MS) + 1;
    return this.#arrived.slice(from).filter(({ arrivalMs }) => arrivalMs > sinceMs);
  }

  #noteBase(delayMs: number, nowMs: number): void {
    const newest = this.#base.at(-1);
    // A bucket a second, each with its lowest delay.
    if (!newest || nowMs - newest.atMs >= 1_000) this.#base.push({ atMs: nowMs, delayMs });
    else if (delayMs < newest.delayMs) this.#base[this.#base.length - 1] = { atMs: newest.atMs, delayMs };
  }

  #forget(nowMs: number): void {
    this.#arrived.splice(
      0,
      this.#arrived.findIndex(({ sentMs }) => nowMs - sentMs <= KEPT_MS),
    );
    this.#losses = this.#losses.filter(({ atMs }) => nowMs - atMs <= LOSS_WINDOW_MS);
    this.#base = this.#base.filter(({ atMs }) => nowMs - atMs <= BASE_WINDOW_MS);
  }
}

const rateOf = (arrived: readonly Arrived[], windowMs: number): number =>
  (arrived.reduce((sum, { bytes }) => sum + bytes, 0) * 8_000) / windowMs;

function shareOf(entries: readonly LossEntry[]): number {
  const total = entries.reduce((sum, entry) => sum + entry.total, 0);
  return total < LOSS_PACKETS ? 0 : entries.reduce((sum, entry) => sum + entry.lost, 0) / total;
}
