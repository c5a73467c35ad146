/**
 * The server's clock against the viewer's, from HTTP `Date` headers, which hold whole seconds. Pure.
 * An answer stamped D, asked for at a and here at b, says: the server's clock showed something in [D, D + 1 s)
 * at some moment in [a, b]. Each answer narrows the offset from both sides; a few dozen leave a few milliseconds.
 */

/** Bounds of (server clock - local clock). */
export type ClockOffset = { readonly minMs: number; readonly maxMs: number };

/** Nothing known. */
export const startClockOffset: ClockOffset = { minMs: Number.NEGATIVE_INFINITY, maxMs: Number.POSITIVE_INFINITY };

/** Bounds widen with age, so that a drifting or corrected clock is followed. */
const WIDEN_SHARE = 0.0005;

/** The bounds after one more answer; `passedMs` since the last one. Contradicting answers start over. */
export function addDate(
  offset: ClockOffset,
  answer: { readonly dateMs: number; readonly askedAtMs: number; readonly hereAtMs: number; readonly passedMs: number },
): ClockOffset {
  if (!Number.isFinite(answer.dateMs) || answer.hereAtMs < answer.askedAtMs) return offset;
  const minMs = answer.dateMs - answer.hereAtMs;
  const maxMs = answer.dateMs + 1_000 - answer.askedAtMs;
  const widen = Math.max(0, answer.passedMs) * WIDEN_SHARE;
  const next = { minMs: Math.max(offset.minMs - widen, minMs), maxMs: Math.min(offset.maxMs + widen, maxMs) };
  return next.minMs <= next.maxMs ? next : { minMs, maxMs };
}

/** Best guess of (server clock - local clock); undefined while the bounds are wider than `withinMs`. */
export function offsetMs(offset: ClockOffset, withinMs: number): number | undefined {
  const width = offset.maxMs - offset.minMs;
  return width <= withinMs ? (offset.minMs + offset.maxMs) / 2 : undefined;
}
