/** Whether this process is so late in writing that new viewers would harm those who are here. */

/** Half of a default part: a burst that takes longer ends in the next one. */
export const MAX_BURST_MS = 150;
/** Three quarters of a default part without a rest: little more, and each burst begins where the last one ends. */
export const MAX_STRETCH_MS = 250;
const WINDOW_MS = 500;
const WINDOWS = 6;
/** Windows over the limit, of the last {@link WINDOWS}, that begin and end shedding: one pause is not a burst. */
const BEGIN_AT = 3;
const END_AT = 1;

/** Judges the delays of bursts; time is a parameter. */
export interface Pressure {
  /** A burst, or a turn of the event loop, took this long; late when longer than `limitMs` (else as made). */
  observe(delayMs: number, nowMs: number, limitMs?: number): void;
  shedding(nowMs: number): boolean;
}

/** Makes a {@link Pressure}. */
export function createPressure(options: { readonly maxBurstMs?: number } = {}): Pressure {
  const { maxBurstMs = MAX_BURST_MS } = options;
  const late: boolean[] = new Array<boolean>(WINDOWS).fill(false);
  let window = 0;
  let shedding = false;
  const advance = (nowMs: number) => {
    const current = Math.floor(nowMs / WINDOW_MS);
    if (current <= window) return;
    for (let passed = Math.max(window + 1, current - WINDOWS + 1); passed <= current; passed += 1) {
      late[passed % WINDOWS] = false;
    }
    window = current;
    judge();
  };
  const judge = () => {
    const count = late.filter(Boolean).length;
    shedding = shedding ? count > END_AT : count >= BEGIN_AT;
  };
  return {
    observe(delayMs, nowMs, limitMs = maxBurstMs) {
      advance(nowMs);
      if (delayMs <= limitMs || late[window % WINDOWS]) return;
      late[window % WINDOWS] = true;
      judge();
    },
    shedding(nowMs) {
      advance(nowMs);
      return shedding;
    },
  };
}
