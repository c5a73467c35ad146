/** The server's wall clock, as far as the Date headers of its answers tell. */
import { addDate, type ClockOffset, offsetMs, startClockOffset } from "./clock-offset.ts";

/** It is used once it is known to this. */
const WITHIN_MS = 500;

/** A clock that never jumps, near the wall clock. */
export function localNowMs(): number {
  return performance.timeOrigin + performance.now();
}

export class ServerClock {
  #offset: ClockOffset = startClockOffset;
  #readAtMs = 0;

  /** Milliseconds since the Unix epoch by the server's clock; undefined until it is known well enough. */
  nowMs(): number | undefined {
    const offset = offsetMs(this.#offset, WITHIN_MS);
    return offset === undefined ? undefined : localNowMs() + offset;
  }

  /** Takes the headers of an answer, just arrived; `askedAtMs` by {@link localNowMs}. Answers of caches are left out. */
  read(xhr: XMLHttpRequest, askedAtMs: number): void {
    const date = xhr.getResponseHeader("date");
    if (!date || Number(xhr.getResponseHeader("age") ?? 0) > 0) return;
    const hereAtMs = localNowMs();
    const passedMs = hereAtMs - this.#readAtMs;
    this.#readAtMs = hereAtMs;
    this.#offset = addDate(this.#offset, { dateMs: Date.parse(date), askedAtMs, hereAtMs, passedMs });
  }
}
