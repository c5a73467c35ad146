/**
 * Send-side bandwidth estimate of one receiver from its transport-wide feedback: a queue or loss lowers it to what
 * still arrives; only what has been seen to arrive raises it, what flows or a probe. Pure: all times come in.
 */
import type { FeedbackEntry } from "../rtp/transport-feedback.ts";
import { Arrivals } from "./arrivals.ts";
import { Prober } from "./probe.ts";

const START_BITS = 2_500_000;
const MIN_BITS = 50_000;
const MAX_BITS = 20_000_000;
/** A wait this long of every packet means a queue that is filling. */
const QUEUE_HIGH_MS = 100;
const QUEUE_LOW_MS = 40;
const LOSS_HIGH = 0.12;
const LOSS_LOW = 0.08;
/** Of what arrives while a queue is full: less, so that it empties. */
const KEEP = 0.9;
/** After a decrease, what flows is still too much for this long: every packet left out helps. */
const CONGESTED_MS = 1_500;
/** A picture that stands still for longer is worse than one that comes late. */
const MAX_DRAIN_MS = 800;

export class BandwidthEstimator {
  readonly #arrivals = new Arrivals();
  readonly #prober = new Prober();
  #estimate = START_BITS;
  #loweredMs = Number.NEGATIVE_INFINITY;
  /** What was sent before says nothing of the last decrease. */
  #effectiveMs = Number.NEGATIVE_INFINITY;
  #heard = false;
  #wish = 0;

  /** Bits a second that may be sent. */
  get estimate(): number {
    return this.#estimate;
  }

  /** Whether feedback has ever come: without it the estimate means nothing. */
  get heard(): boolean {
    return this.#heard;
  }

  /** Whether packets wait or are lost because of what was sent just now. */
  congested(nowMs: number): boolean {
    return nowMs - this.#loweredMs < CONGESTED_MS;
  }

  /** How long packets wait on the way now. */
  get queueMs(): number {
    return this.#arrivals.queueMs;
  }

  /** How long nothing should be sent that can wait, so that what waits on the way is gone. */
  get drainMs(): number {
    return Math.min(MAX_DRAIN_MS, this.#arrivals.drainMs);
  }

  sent(sequence: number, bytes: number, nowMs: number): void {
    this.#arrivals.sent(sequence, bytes, nowMs);
    this.#prober.sent(bytes, nowMs);
  }

  /** Whether the estimate is lower for it: what is sent should be looked at, now. */
  feedback(entries: readonly FeedbackEntry[], nowMs: number): boolean {
    if (!this.#arrivals.feedback(entries, nowMs)) return false;
    this.#heard = true;
    if (this.#lower(nowMs)) return true;
    const passed = this.#prober.judge(this.#arrivals, nowMs);
    const arriving = this.#calm ? this.#arrivals.steadyRate(this.#effectiveMs) : 0;
    this.#estimate = Math.min(MAX_BITS, Math.max(this.#estimate, arriving, passed ?? 0));
    return false;
  }

  /** What could be put to use; 0: no more than there is. */
  wish(bitsPerSecond: number): void {
    this.#wish = bitsPerSecond;
  }

  /** Bytes to send now to learn whether the way carries what is wished for. Call every few tens of milliseconds. */
  probe(nowMs: number): number {
    if (this.#wish > this.#estimate && this.#heard && this.#calm) this.#prober.begin(this.#wish, this.#estimate, nowMs);
    return this.#prober.due(nowMs);
  }

  get #calm(): boolean {
    return this.#arrivals.queueMs < QUEUE_LOW_MS && this.#arrivals.lossShare(this.#effectiveMs) < LOSS_LOW;
  }

  #lower(nowMs: number): boolean {
    if (this.#arrivals.newestSentMs < this.#effectiveMs) return false;
    const { queueMs, rate } = this.#arrivals;
    const lossShare = this.#arrivals.lossShare(this.#effectiveMs);
    const queued = queueMs > QUEUE_HIGH_MS;
    if (!queued && lossShare <= LOSS_HIGH) return false;
    this.#loweredMs = nowMs;
    this.#effectiveMs = nowMs + this.drainMs;
    this.#prober.lowered(nowMs);
    // Loss without a queue may have other causes than too much being sent: half of it is answered.
    const bearable = queued ? rate * KEEP : (rate / (1 - Math.min(0.9, lossShare))) * (1 - lossShare / 2);
    this.#estimate = Math.max(MIN_BITS, Math.min(this.#estimate, bearable));
    return true;
  }
}
