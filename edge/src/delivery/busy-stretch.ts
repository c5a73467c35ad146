/**
 * How long a process has worked without a rest. Parts come to all viewers at once: a crowd is too large when serving it
 * takes too long, though each turn of the event loop is short.
 */

/** What the event loop did since it was last looked at. */
export interface LoopSample {
  readonly activeMs: number;
  readonly idleMs: number;
}

/** A stretch of work; immutable. */
export interface BusyStretch {
  /** Length as of the last sample. A rest shorter than a tenth of a sample goes unseen. */
  readonly lengthMs: number;
  /** The stretch one sample later. */
  after(sample: LoopSample): BusyStretch;
}

/** Of a sample, at least; less has a rest in it. */
const BUSY_SHARE = 0.9;

/** Begins with no work done. */
export const startBusyStretch = (): BusyStretch => stretchOf(0, 0);

/** `carriedMs` is the work that the next sample may go on with. */
function stretchOf(lengthMs: number, carriedMs: number): BusyStretch {
  return {
    lengthMs,
    after({ activeMs, idleMs }) {
      const length = carriedMs + activeMs;
      const rested = activeMs < (activeMs + idleMs) * BUSY_SHARE;
      return stretchOf(length, rested ? activeMs : length);
    },
  };
}
