import { RtmpViolation } from "./guard-chunks.ts";
import type { RtmpLimits } from "./limits.ts";

/**
 * Bounds what one connection makes this process do: bytes and messages per second, each with a burst that covers
 * an encoder emptying its queue after a network stall. Whoever has a key could otherwise starve the others. Pure.
 */
export class RateBudget {
  readonly #limits: RtmpLimits;
  readonly #nowMs: () => number;
  #bytes: number;
  #messages: number;
  #filledMs: number;

  constructor(limits: RtmpLimits, options: { readonly nowMs: () => number }) {
    this.#limits = limits;
    this.#nowMs = options.nowMs;
    this.#bytes = limits.burstBytes;
    this.#messages = limits.burstMessages;
    this.#filledMs = options.nowMs();
  }

  /** Bytes were read. Throws {@link RtmpViolation} `too-fast`. */
  read(sizeBytes: number): void {
    this.#fill();
    this.#bytes -= sizeBytes;
    if (this.#bytes < 0) throw new RtmpViolation("too-fast", "bytes");
  }

  /** A message is complete. Throws {@link RtmpViolation} `too-fast`. */
  message(): void {
    this.#messages -= 1;
    if (this.#messages < 0) throw new RtmpViolation("too-fast", "messages");
  }

  #fill(): void {
    const nowMs = this.#nowMs();
    const seconds = Math.max(0, nowMs - this.#filledMs) / 1_000;
    this.#filledMs = nowMs;
    this.#bytes = Math.min(this.#limits.burstBytes, this.#bytes + seconds * this.#limits.bytesPerSecond);
    this.#messages = Math.min(this.#limits.burstMessages, this.#messages + seconds * this.#limits.messagesPerSecond);
  }
}
