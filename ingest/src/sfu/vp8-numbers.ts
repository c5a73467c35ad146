/**
 * Makes the picture numbers of VP8 go on across layers: each has its own, and a receiver that meets one again takes it
 * for the picture that had it before, and waits for what that one referred to. Pure.
 */
import { readVp8Numbers, shiftVp8Numbers, type Vp8Numbers } from "../rtp/vp8.ts";

const NONE: Vp8Numbers = { picture: 0, base: 0, key: 0 };
/** Stays on a layer remembered, for what is sent again. */
const KEPT_STAYS = 32;

export class Vp8NumberRun {
  /** What the numbers of a stay are raised by. */
  readonly #shifts = new Map<number, Vp8Numbers>();
  /** Of the newest packet, as sent. */
  #last: Vp8Numbers | undefined;

  /** A packet of a stay on a layer, as it is to be sent. `newest`: none later has been sent. */
  push(payload: Buffer, at: { readonly stay: number; readonly newest: boolean }): Buffer {
    if (!this.#shifts.has(at.stay)) this.#begin(at.stay, readVp8Numbers(payload));
    const shifted = this.again(payload, at.stay);
    if (at.newest) this.#last = readVp8Numbers(shifted);
    return shifted;
  }

  /** The same for one that is sent again. */
  again(payload: Buffer, stay: number): Buffer {
    return shiftVp8Numbers(payload, this.#shifts.get(stay) ?? NONE);
  }

  #begin(stay: number, first: Vp8Numbers): void {
    const last = this.#last;
    // One later than what was sent last; the very first stay keeps its own.
    const next = (of: keyof Vp8Numbers) => (last ? last[of] + 1 - first[of] : 0);
    this.#shifts.set(stay, { picture: next("picture"), base: next("base"), key: next("key") });
    const [oldest] = this.#shifts.keys();
    if (this.#shifts.size > KEPT_STAYS && oldest !== undefined) this.#shifts.delete(oldest);
  }
}
