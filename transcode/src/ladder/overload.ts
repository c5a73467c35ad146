/** Decides from an encoder's lag whether it is overloaded. Pure. */

/** Lag beyond this eats the viewers' buffer. */
const LAG_LIMIT_MS = 700;
/**
 * It must last this long: a starved moment, which costs pictures but no latency, is no reason to give up a rung.
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
