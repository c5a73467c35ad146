/** Which level of the ladder to load next. Pure: measurements in, a level and a memory out. */

/** One level of the ladder, lowest first. */
export type LevelOffer = { readonly height: number; readonly bitsPerSecond: number };

/** What is known at the moment of the choice. */
export type LevelSituation = {
  readonly levels: readonly LevelOffer[];
  /** Level being loaded; -1 before the first. */
  readonly current: number;
  readonly bitsPerSecond: number;
  /** Media in the buffer ahead of the picture. */
  readonly aheadMs: number;
  readonly targetMs: number;
  /** Bits per second at which the part under way is arriving and when it will be there; absent when none is slow. */
  readonly slowPart?: { readonly bitsPerSecond: number; readonly remainingMs: number };
  /** Height of the picture on screen, in device pixels; 0 when unknown. */
  readonly screenHeight: number;
  readonly nowMs: number;
};

/** What the choice remembers of its own past. */
export type LevelMemory = {
  readonly lastUpAtMs: number;
  readonly lastDownAtMs: number;
  /** No step up before this long after a step down; doubles when a step up turns out to have been too much. */
  readonly holdMs: number;
};

export type LevelChoice = { readonly level: number; readonly urgent: boolean; readonly memory: LevelMemory };

/** Share of the estimate a level may take: to be entered, and to be kept. */
const ENTER_SHARE = 0.7;
const KEEP_SHARE = 0.92;
/** Between two steps up. */
const UP_INTERVAL_MS = 1_500;
const FIRST_HOLD_MS = 4_000;
const MAX_HOLD_MS = 60_000;
/** A step down this soon after a step up means the step up was wrong. */
const REGRET_MS = 12_000;
/** A level taller than the picture by more than this is a waste. */
const OVERSIZE = 1.35;

/** A memory without a past. */
export const startLevelMemory: LevelMemory = {
  lastUpAtMs: Number.NEGATIVE_INFINITY,
  lastDownAtMs: Number.NEGATIVE_INFINITY,
  holdMs: FIRST_HOLD_MS,
};

/** The level to load next. `urgent` means: give up the part under way. */
export function chooseLevel(situation: LevelSituation, memory: LevelMemory): LevelChoice {
  const { levels, current, nowMs } = situation;
  if (levels.length === 0) return { level: -1, urgent: false, memory };
  const cap = tallestUseful(levels, situation.screenHeight);
  const fits = highestWithin(levels, situation.bitsPerSecond * ENTER_SHARE, cap);
  if (current < 0 || current >= levels.length) return { level: fits, urgent: false, memory };

  const slow = situation.slowPart;
  if (slow && current > 0 && slow.remainingMs > situation.aheadMs) {
    const level = Math.min(current - 1, highestWithin(levels, slow.bitsPerSecond * ENTER_SHARE, cap));
    return { level, urgent: true, memory: afterDown(memory, nowMs) };
  }
  const needed = levels[current]?.bitsPerSecond ?? 0;
  if (current > cap) return { level: cap, urgent: false, memory };
  if (needed > situation.bitsPerSecond * KEEP_SHARE && current > 0) {
    const level = Math.min(current - 1, highestWithin(levels, situation.bitsPerSecond * ENTER_SHARE, cap));
    return { level, urgent: false, memory: afterDown(memory, nowMs) };
  }
  if (fits > current && mayStepUp(situation, memory)) {
    return { level: fits, urgent: false, memory: { ...memory, lastUpAtMs: nowMs } };
  }
  return { level: current, urgent: false, memory };
}

function mayStepUp(situation: LevelSituation, memory: LevelMemory): boolean {
  if (situation.nowMs - memory.lastUpAtMs < UP_INTERVAL_MS) return false;
  if (situation.nowMs - memory.lastDownAtMs < memory.holdMs) return false;
  return situation.aheadMs >= situation.targetMs * 0.35;
}

function afterDown(memory: LevelMemory, nowMs: number): LevelMemory {
  const regretted = nowMs - memory.lastUpAtMs < REGRET_MS;
  const quietLong = nowMs - memory.lastDownAtMs > MAX_HOLD_MS;
  const holdMs = regretted ? Math.min(memory.holdMs * 2, MAX_HOLD_MS) : quietLong ? FIRST_HOLD_MS : memory.holdMs;
  return { ...memory, lastDownAtMs: nowMs, holdMs };
}

/** Index of the highest level within a rate, 0 when none is. */
function highestWithin(levels: readonly LevelOffer[], limit: number, cap: number): number {
  let best = 0;
  for (let i = 0; i <= cap; i++) if ((levels[i]?.bitsPerSecond ?? Infinity) <= limit) best = i;
  return best;
}

/** Index of the tallest level the screen can show the detail of. */
function tallestUseful(levels: readonly LevelOffer[], screenHeight: number): number {
  const last = levels.length - 1;
  if (screenHeight <= 0) return last;
  const enough = levels.findIndex((level) => level.height * OVERSIZE >= screenHeight);
  return enough === -1 ? last : enough;
}
