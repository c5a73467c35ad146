/** Puts the packets of a track in order; one that stays away longer than its time is given up. Knows no clock. */
import { type RtpPacket, Unwrapper } from "./packet.ts";

/** Packets waiting at most; with more, the oldest gap is given up. */
const MOST_WAITING = 512;
/** A step larger than this is another run of numbers, not a loss. */
const RESTART_STEP = 3_000;

export interface Ordered extends RtpPacket {
  readonly arrivedMs: number;
  /** Packets given up between the one before and this one. */
  readonly lostBefore: number;
}

interface Waiting {
  readonly packet: RtpPacket;
  readonly arrivedMs: number;
}

export class ReorderBuffer {
  #unwrapper = new Unwrapper({ bits: 16 });
  readonly #waiting = new Map<number, Waiting>();
  #next: number | null = null;
  #lost = 0;
  #late = 0;

  /** Packets given up. */
  get lost(): number {
    return this.#lost;
  }

  /** Packets that came twice, or after they were given up. */
  get late(): number {
    return this.#late;
  }

  push(packet: RtpPacket, arrivedMs: number): void {
    let number = this.#unwrapper.unwrap(packet.sequence);
    if (this.#next !== null && Math.abs(number - this.#next) > RESTART_STEP) {
      this.restart();
      number = this.#unwrapper.unwrap(packet.sequence);
    }
    this.#next ??= number;
    if (number < this.#next || this.#waiting.has(number)) {
      this.#late++;
      return;
    }
    this.#waiting.set(number, { packet, arrivedMs });
  }

  /** The next packet in order; one behind a gap only when the first behind it has waited for `patienceMs`. */
  take(nowMs: number, options: { readonly patienceMs: number }): Ordered | null {
    if (this.#next === null || this.#waiting.size === 0) return null;
    const ready = this.#waiting.get(this.#next);
    if (ready) return this.#give(this.#next, ready, 0);
    const first = Math.min(...this.#waiting.keys());
    const waiting = this.#waiting.get(first);
    if (!waiting) return null;
    if (this.#waiting.size < MOST_WAITING && nowMs - this.#oldestMs() < options.patienceMs) return null;
    const lost = first - this.#next;
    this.#lost += lost;
    return this.#give(first, waiting, lost);
  }

  /** Forgets everything, for another run of numbers. */
  restart(): void {
    this.#unwrapper = new Unwrapper({ bits: 16 });
    this.#waiting.clear();
    this.#next = null;
  }

  #oldestMs(): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const { arrivedMs } of this.#waiting.values()) oldest = Math.min(oldest, arrivedMs);
    return oldest;
  }

  #give(number: number, { packet, arrivedMs }: Waiting, lostBefore: number): Ordered {
    this.#waiting.delete(number);
    this.#next = number + 1;
    return { ...packet, arrivedMs, lostBefore };
  }
}
