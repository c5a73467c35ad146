/** Keeps the picture close to the live edge: one decision per tick. Pure. */

/** What is seen at a tick. */
export type LatencySituation = {
  /** Distance of the picture from the end of what the origin has. */
  readonly latencyMs: number;
  /** Media in the buffer ahead of the picture. */
  readonly aheadMs: number;
  readonly partTargetMs: number;
  readonly nowMs: number;
};

/** What the controller remembers: how much its target grew by stalls. */
export type LatencyMemory = { readonly extraMs: number; readonly changedAtMs: number };

/** What to do until the next tick. */
export type LatencyStep = {
  readonly rate: number;
  readonly seekToLive: boolean;
  readonly targetMs: number;
  readonly memory: LatencyMemory;
};

/** Between two ticks of the controller. */
export const LATENCY_TICK_MS = 200;
/** Fastest catch-up; faster is heard. */
export const MAX_RATE = 1.12;
/** Rate of a buffer that is nearly dry. */
const EASE_RATE = 0.97;
/** Rate gained per second of distance to the target. */
const GAIN = 0.25;
/** Least gain outside the dead zone, so that the last tenth of a second does not take for ever. */
const MIN_GAIN = 0.02;
const DEAD_ZONE_MS = 40;
const SEEK_LATE_MS = 4_000;
const STALL_EXTRA_MS = 150;
const MAX_EXTRA_MS = 2_000;
/** The extra is given back at this share of real time, after a while without a stall. */
const DECAY_AFTER_MS = 20_000;
const DECAY_SHARE = 0.005;

/** A controller without a past. */
export const startLatencyMemory: LatencyMemory = { extraMs: 0, changedAtMs: 0 };

/** Distance to aim at for a part duration: 2.5 parts, at least 3 of short ones, never less than 0.5 s. */
export function baseTargetMs(partTargetMs: number): number {
  return Math.max(500, Math.min(partTargetMs * 2.55, 2_500), partTargetMs < 250 ? partTargetMs * 3 : 0);
}

/** The memory after a stall: the target grows. */
export function afterStall(memory: LatencyMemory, nowMs: number): LatencyMemory {
  return { extraMs: Math.min(memory.extraMs + STALL_EXTRA_MS, MAX_EXTRA_MS), changedAtMs: nowMs };
}

/** Rate and seek for the next tick. */
export function stepLatency(situation: LatencySituation, memory: LatencyMemory): LatencyStep {
  const { latencyMs, aheadMs, partTargetMs, nowMs } = situation;
  const settled = decay(memory, nowMs);
  const targetMs = baseTargetMs(partTargetMs) + settled.extraMs;
  const late = latencyMs - targetMs;
  if (late > SEEK_LATE_MS) return { rate: 1, seekToLive: true, targetMs, memory: settled };
  return { rate: rateFor(late, aheadMs, targetMs, partTargetMs), seekToLive: false, targetMs, memory: settled };
}

function rateFor(lateMs: number, aheadMs: number, targetMs: number, partTargetMs: number): number {
  if (aheadMs < Math.min(120, partTargetMs / 2)) return EASE_RATE;
  if (lateMs < -2 * DEAD_ZONE_MS) return EASE_RATE;
  const enough = Math.max(250, targetMs * 0.45);
  if (lateMs <= DEAD_ZONE_MS || aheadMs <= enough) return 1;
  const rate = Math.min(MAX_RATE, 1 + Math.max(MIN_GAIN, (GAIN * lateMs) / 1_000));
  return Math.round(rate * 100) / 100;
}

function decay(memory: LatencyMemory, nowMs: number): LatencyMemory {
  const quietMs = nowMs - memory.changedAtMs;
  if (memory.extraMs === 0 || quietMs < DECAY_AFTER_MS) return memory;
  const given = (quietMs - DECAY_AFTER_MS) * DECAY_SHARE;
  if (given < 1) return memory;
  return { extraMs: Math.max(0, memory.extraMs - given), changedAtMs: nowMs - DECAY_AFTER_MS };
}
