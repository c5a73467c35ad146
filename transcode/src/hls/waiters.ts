/** Parked requests. Each is let go by its answer, its budget, or its client leaving, whichever comes first. */
import type { Exchange } from "./respond.ts";

/** One parked request; `about` is what it waits for. */
export interface Waiter<T> {
  readonly exchange: Exchange;
  readonly about: T;
  readonly untilMs: number;
}

/** A program's places for parked requests; policy: beyond the bound the newest is refused. */
export class WaitingPlaces {
  readonly #bound: number;
  #taken = 0;

  constructor(bound: number) {
    this.#bound = bound;
  }

  get taken(): number {
    return this.#taken;
  }

  take(): boolean {
    if (this.#taken >= this.#bound) return false;
    this.#taken++;
    return true;
  }

  free(): void {
    this.#taken--;
  }
}

export class Waiters<T> {
  readonly #places: WaitingPlaces;
  readonly #waiting = new Set<Waiter<T>>();

  constructor(places: WaitingPlaces) {
    this.#places = places;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** False when there is no place. */
  park(waiter: Waiter<T>): boolean {
    if (!this.#places.take()) return false;
    this.#waiting.add(waiter);
    // Also fires after an answer, when the waiter is long out.
    waiter.exchange.response.once("close", () => this.#release(waiter));
    return true;
  }

  /** Lets go of every waiter for which `answer` has answered (and says so). One pass, in order of arrival. */
  settle(answer: (waiter: Waiter<T>) => boolean): void {
    for (const waiter of this.#waiting) if (answer(waiter)) this.#release(waiter);
  }

  /** Lets go of those past their budget, after `answer`. */
  expire(nowMs: number, answer: (waiter: Waiter<T>) => void): void {
    for (const waiter of this.#waiting) {
      if (waiter.untilMs > nowMs) continue;
      this.#release(waiter);
      answer(waiter);
    }
  }

  #release(waiter: Waiter<T>): void {
    if (this.#waiting.delete(waiter)) this.#places.free();
  }
}
