/**
 * When to send more than flows, to learn whether the way carries more: short, at a stated rate, seldom again after one
 * that failed. Pure: all times come in.
 */
import type { Passage } from "./arrivals.ts";

const PROBE_MS = 250;
/** Feedback about the last of it must have come by then. */
const ANSWER_MS = 500;
/** No more than so many times what is known to pass, or what a voice and a small picture take. */
const STEP = 2;
const SMALL_BITS = 300_000;
/** Beyond what is wished for, whose rate goes up and down. */
const HEADROOM = 1.15;
/** What came through at this share of the rate sent, with no more than this lost and this late, has passed. */
const PASSED_SHARE = 0.85;
const PASSED_LOSS = 0.1;
const PASSED_QUEUE_MS = 60;
/** A probe that fills a queue has shown what it can, and is in everybody's way. */
const GIVE_UP_QUEUE_MS = 80;
/** Between a probe that passed and the next step; between one that failed and the next try, doubled each time. */
const NEXT_STEP_MS = 400;
const FIRST_WAIT_MS = 2_000;
const MAX_WAIT_MS = 8_000;
/** The way getting too narrow this soon after a probe passed says that it should not have. */
const PROVEN_AFTER_MS = 5_000;

interface Probe {
  readonly bitsPerSecond: number;
  readonly fromMs: number;
  readonly toMs: number;
  bytes: number;
  packets: number;
}

export class Prober {
  #probe: Probe | undefined;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  #passedMs = Number.NEGATIVE_INFINITY;
  #waitMs = FIRST_WAIT_MS;

  /** Begins one if it is time. `wish`: bits a second that would be of use; `known`: those known to pass. */
  begin(wish: number, known: number, nowMs: number): void {
    if (this.#probe || nowMs < this.#notBeforeMs || wish <= known) return;
    const bitsPerSecond = Math.min(wish * HEADROOM, Math.max(known * STEP, SMALL_BITS));
    this.#probe = { bitsPerSecond, fromMs: nowMs, toMs: nowMs + PROBE_MS, bytes: 0, packets: 0 };
  }

  /** Any packet has been sent: what flows counts too. */
  sent(bytes: number, nowMs: number): void {
    if (!this.#probe || nowMs > this.#probe.toMs) return;
    this.#probe.bytes += bytes;
    this.#probe.packets += 1;
  }

  /** Bytes to send now beside what flows. */
  due(nowMs: number): number {
    const probe = this.#probe;
    if (!probe || nowMs > probe.toMs) return 0;
    return Math.max(0, (probe.bitsPerSecond * (nowMs - probe.fromMs)) / 8_000 - probe.bytes);
  }

  /**
   * The rate that has been shown to pass, once; undefined while there is none or after a probe that failed. When nothing
   * could be sent beside what flows, it passes too: what is sent then is the try.
   */
  judge(
    seen: {
      readonly newestSentMs: number;
      readonly queueMs: number;
      passage(fromMs: number, toMs: number, packets: number): Passage | undefined;
    },
    nowMs: number,
  ): number | undefined {
    const probe = this.#probe;
    if (!probe) return undefined;
    if (seen.newestSentMs > probe.fromMs && seen.queueMs > GIVE_UP_QUEUE_MS) {
      this.#failed(nowMs);
      return undefined;
    }
    if (seen.newestSentMs <= probe.toMs) {
      if (nowMs > probe.toMs + ANSWER_MS) this.#failed(nowMs);
      return undefined;
    }
    const passage = seen.passage(probe.fromMs, probe.toMs, probe.packets);
    const sentRate = (probe.bytes * 8_000) / PROBE_MS;
    const passed =
      passage &&
      passage.bitsPerSecond >= PASSED_SHARE * sentRate &&
      passage.lost <= PASSED_LOSS &&
      seen.queueMs <= PASSED_QUEUE_MS;
    if (!passed) {
      this.#failed(nowMs);
      return undefined;
    }
    this.#probe = undefined;
    this.#passedMs = nowMs;
    this.#notBeforeMs = nowMs + NEXT_STEP_MS;
    return probe.bitsPerSecond;
  }

  /** The way has become too narrow for what flows. */
  lowered(nowMs: number): void {
    if (this.#probe || nowMs - this.#passedMs < PROVEN_AFTER_MS) {
      this.#failed(nowMs);
      return;
    }
    if (nowMs < this.#notBeforeMs) return;
    this.#waitMs = FIRST_WAIT_MS;
    this.#notBeforeMs = nowMs + this.#waitMs;
  }

  #failed(nowMs: number): void {
    this.#probe = undefined;
    this.#passedMs = Number.NEGATIVE_INFINITY;
    this.#notBeforeMs = nowMs + this.#waitMs;
    this.#waitMs = Math.min(MAX_WAIT_MS, this.#waitMs * 2);
  }
}
