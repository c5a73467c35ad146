/** When test media reaches the mixer: delays, jitter, drift, stalls. Pure and repeatable. */
import type { FlvTag } from "@lianmai/ingest/flv";

export interface Arrival {
  readonly atMs: number;
  readonly tag: FlvTag;
}

export interface NetworkOptions {
  /** Arrival of a tag with timestamp 0 and no delay. */
  readonly startMs: number;
  /** Uniform extra delay, 0 to this; order is kept, as on TCP. */
  readonly jitterMs?: number;
  /** Publisher's clock against ours; positive = its second is shorter. */
  readonly driftPpm?: number;
  /** No bytes pass between these timestamps' arrivals; they come at the end in one burst. */
  readonly stalls?: readonly { readonly fromMs: number; readonly toMs: number }[];
  readonly seed?: number;
}

/** The arrival of each tag, in order. */
export function arrivalsOf(tags: readonly FlvTag[], options: NetworkOptions): Arrival[] {
  const { startMs, jitterMs = 0, driftPpm = 0, stalls = [], seed = 1 } = options;
  const random = randomFrom(seed);
  let last = Number.NEGATIVE_INFINITY;
  return tags.map((tag) => {
    let atMs = startMs + tag.timestampMs * (1 - driftPpm / 1e6) + random() * jitterMs;
    for (const stall of stalls) if (atMs >= stall.fromMs && atMs < stall.toMs) atMs = stall.toMs;
    last = Math.max(last, atMs);
    return { atMs: last, tag };
  });
}

/** Same tags, timestamps moved. */
export function shiftTags(tags: readonly FlvTag[], byMs: number): FlvTag[] {
  return tags.map((tag) => ({ ...tag, timestampMs: tag.timestampMs + byMs }));
}

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
