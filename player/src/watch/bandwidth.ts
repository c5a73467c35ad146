/**
 * Bandwidth of the viewer's link, from downloads as small as parts. Pure.
 * Only the time of the body counts (first byte to last), never the time the server held the request; the
 * estimate is bytes over milliseconds of many parts together, so that one part of a few kB cannot distort it.
 */

/** Bytes and the time they took, both fading with time. */
type Tally = { readonly bytes: number; readonly ms: number };

/** State of the estimate; `seed` stands until enough has been measured. */
export type Bandwidth = {
  readonly fast: Tally;
  readonly slow: Tally;
  readonly measuredBytes: number;
  readonly seedBitsPerSecond: number;
};

/** One finished download. */
export type Transfer = {
  readonly bytes: number;
  /** First byte to last byte. */
  readonly bodyMs: number;
  /** Duration of the media in it. */
  readonly mediaMs: number;
};

/** Half-lives: the fast tally notices a collapse within a part or two, the slow one ignores a hiccup. */
const FAST_HALF_LIFE_MS = 700;
const SLOW_HALF_LIFE_MS = 2_000;
/** Below this a body is one or two packets and says nothing. */
const MIN_BYTES = 8_192;
/** The seed is believed until this much has been measured. */
const TRUST_BYTES = 48_000;
/** A body read from a local buffer takes no time; no link is believed to be faster than this. */
const MAX_BITS_PER_SECOND = 200e6;
const MIN_BITS_PER_SECOND = 30e3;

/** An estimate without measurements, from what an earlier visit saved. */
export function startBandwidth(seedBitsPerSecond: number): Bandwidth {
  const none: Tally = { bytes: 0, ms: 0 };
  return { fast: none, slow: none, measuredBytes: 0, seedBitsPerSecond: clamp(seedBitsPerSecond) };
}

/** The estimate with one more download in it. */
export function addTransfer(state: Bandwidth, transfer: Transfer): Bandwidth {
  if (!(transfer.bytes >= MIN_BYTES) || !(transfer.bodyMs >= 0)) return state;
  const leastMs = (transfer.bytes * 8_000) / MAX_BITS_PER_SECOND;
  const ms = Math.max(transfer.bodyMs, leastMs);
  const passedMs = Math.max(ms, transfer.mediaMs);
  return {
    ...state,
    fast: fade(state.fast, passedMs, FAST_HALF_LIFE_MS, transfer.bytes, ms),
    slow: fade(state.slow, passedMs, SLOW_HALF_LIFE_MS, transfer.bytes, ms),
    measuredBytes: Math.min(state.measuredBytes + transfer.bytes, TRUST_BYTES),
  };
}

function fade(tally: Tally, passedMs: number, halfLifeMs: number, bytes: number, ms: number): Tally {
  const kept = 0.5 ** (passedMs / halfLifeMs);
  return { bytes: tally.bytes * kept + bytes, ms: tally.ms * kept + ms };
}

/** Bits per second to plan with: the lower of the fast and the slow view, mixed with the seed at the beginning. */
export function bitsPerSecond(state: Bandwidth): number {
  if (state.measuredBytes === 0) return state.seedBitsPerSecond;
  const measured = Math.min(rate(state.fast), rate(state.slow));
  const trust = state.measuredBytes / TRUST_BYTES;
  return clamp(measured * trust + Math.min(state.seedBitsPerSecond, measured) * (1 - trust));
}

function rate(tally: Tally): number {
  return tally.ms > 0 ? (tally.bytes * 8_000) / tally.ms : MAX_BITS_PER_SECOND;
}

function clamp(value: number): number {
  if (!Number.isFinite(value)) return MIN_BITS_PER_SECOND;
  return Math.min(MAX_BITS_PER_SECOND, Math.max(MIN_BITS_PER_SECOND, value));
}
