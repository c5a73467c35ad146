/** Decides from an encoder's lag whether it is overloaded, and from its output whether it hangs. Pure. */

/** Lag beyond this eats the viewers' buffer. */
export const LAG_LIMIT_MS = 700;
/**
 * It must last this long: a starved moment, which is worked off, is no reason to give up a rung.
 */
const SUSTAINED_MS = 10_000;

export interface LoadState {
  readonly lagMs: number;
  readonly dropped: number;
  /** Since when the lag is over the limit; null when it is not. */
  readonly overSinceMs: number | null;
  readonly overloaded: boolean;
}

export const QUIET_LOAD: LoadState = { lagMs: 0, dropped: 0, overSinceMs: null, overloaded: false };

/** The state after one more look at the encoder: lag now, pictures dropped in all, monotonic time. */
export function measureLoad(
  state: LoadState,
  look: { readonly lagMs: number; readonly dropped: number; readonly atMs: number },
): LoadState {
  const over = look.lagMs > LAG_LIMIT_MS || look.dropped > state.dropped;
  const overSinceMs = over ? (state.overSinceMs ?? look.atMs) : null;
  return {
    lagMs: look.lagMs,
    dropped: look.dropped,
    overSinceMs,
    overloaded: overSinceMs !== null && look.atMs - overSinceMs >= SUSTAINED_MS,
  };
}

/** A starved encoder gives a picture now and then; one that gives none for so long never will. */
export const HANG_MS = 5_000;

/** What came out of an encoder's slowest rung, and since when nothing more has. */
export interface OutputState {
  readonly runNumber: number;
  readonly given: number;
  readonly sinceMs: number;
  readonly hangs: boolean;
}

export const NO_OUTPUT: OutputState = { runNumber: 0, given: -1, sinceMs: 0, hangs: false };

/** The state after one more look: which run it is, last picture fed and given (-1 for none), monotonic time. */
export function watchOutput(
  state: OutputState,
  look: { readonly runNumber: number; readonly fed: number; readonly given: number; readonly atMs: number },
): OutputState {
  const { runNumber, fed, given, atMs } = look;
  const stands = runNumber === state.runNumber && given === state.given && fed > given;
  const sinceMs = stands ? state.sinceMs : atMs;
  return { runNumber, given, sinceMs, hangs: atMs - sinceMs >= HANG_MS };
}
