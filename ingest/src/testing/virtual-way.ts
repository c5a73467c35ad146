/** A way to a receiver in virtual time: a bucket of tokens before a queue that drops what it cannot hold. */
import type { FeedbackEntry } from "../rtp/transport-feedback.ts";

export interface WayOptions {
  readonly bitsPerSecond: number;
  readonly queueBytes: number;
  readonly burstBytes: number;
}

/** Each way. */
const TRAVEL_MS = 5;
const FEEDBACK_EVERY_MS = 100;
/** Packet headers below RTP. */
const BELOW_BYTES = 52;

export class VirtualWay {
  #options: WayOptions;
  #tokens: number;
  #queue: { readonly sequence: number; readonly bytes: number }[] = [];
  #queued = 0;
  readonly #arrivals = new Map<number, number>();
  #next = 0;
  #highest = -1;
  #feedbackMs = 0;
  /** Packets that came out, with how long they took. */
  readonly came: { readonly sequence: number; readonly atMs: number }[] = [];

  constructor(options: WayOptions) {
    this.#options = options;
    this.#tokens = options.burstBytes;
  }

  become(options: WayOptions): void {
    this.#options = options;
    this.#tokens = Math.min(this.#tokens, options.burstBytes);
  }

  /** Whether it was taken. */
  send(sequence: number, bytes: number): boolean {
    const size = bytes + BELOW_BYTES;
    if (this.#queued + size > this.#options.queueBytes) return false;
    this.#queue.push({ sequence, bytes: size });
    this.#queued += size;
    return true;
  }

  /** A millisecond goes by; feedback that comes back in it. */
  tick(nowMs: number): readonly FeedbackEntry[] | undefined {
    const { bitsPerSecond, burstBytes } = this.#options;
    this.#tokens = Math.min(burstBytes, this.#tokens + bitsPerSecond / 8_000);
    for (let first = this.#queue[0]; first && first.bytes <= this.#tokens; first = this.#queue[0]) {
      this.#queue.shift();
      this.#queued -= first.bytes;
      this.#tokens -= first.bytes;
      this.#arrivals.set(first.sequence, nowMs + TRAVEL_MS);
      this.came.push({ sequence: first.sequence, atMs: nowMs + TRAVEL_MS });
      this.#highest = Math.max(this.#highest, first.sequence);
    }
    if (nowMs - this.#feedbackMs < FEEDBACK_EVERY_MS || this.#highest < this.#next) return undefined;
    this.#feedbackMs = nowMs;
    const entries: FeedbackEntry[] = [];
    for (; this.#next <= this.#highest; this.#next += 1) {
      entries.push({ sequence: this.#next & 0xffff, arrivalMs: this.#arrivals.get(this.#next) });
    }
    return entries;
  }
}
