/** Judges from who speaks whether a room is being raided. Pure: time is a parameter. */

/** What the last messages look like. */
export interface RaidView {
  readonly state: "calm" | "suspected";
  /** Monotonic time when it began to look like a raid. */
  readonly sinceMs?: number;
  /** `strangers`: many people never seen here; `chorus`: many people say the same. */
  readonly why: "" | "strangers" | "chorus";
}

/** A room's watch. */
export interface RaidWatch {
  /** A message was tried. Answers true when this one made it look like a raid. */
  saw(message: { readonly userId: string; readonly known: boolean; readonly text: string }, nowMs: number): boolean;
  view(nowMs: number): RaidView;
}

/** What is looked back on. */
export const RAID_WINDOW_MS = 30_000;
/** Strangers within the window, and their share of all who speak, that look like a raid. */
const STRANGERS = 15;
const STRANGERS_SHARE = 0.6;
/** People who say the same within the window. */
const CHORUS = 8;
/** Shorter texts are said by many in good faith: 666, lol. */
const CHORUS_LEAST_CHARACTERS = 6;
/** It goes on to look like a raid for this long after it last did. */
const CALM_AFTER_MS = 60_000;
/** Messages looked back on at most; older ones go first. */
const MAX_MESSAGES = 2_000;

interface Seen {
  readonly atMs: number;
  readonly userId: string;
  readonly known: boolean;
  readonly text: string;
}

/** Makes a {@link RaidWatch}. */
export function createRaidWatch(): RaidWatch {
  const seen: Seen[] = [];
  let began: { readonly atMs: number; readonly why: "strangers" | "chorus" } | undefined;
  let lastMs = Number.NEGATIVE_INFINITY;
  const forget = (nowMs: number) => {
    const keepFrom = seen.findIndex(({ atMs }) => nowMs - atMs <= RAID_WINDOW_MS);
    seen.splice(0, keepFrom < 0 ? seen.length : keepFrom);
    if (seen.length > MAX_MESSAGES) seen.splice(0, seen.length - MAX_MESSAGES);
    if (began && nowMs - lastMs > CALM_AFTER_MS) began = undefined;
  };
  return {
    saw({ userId, known, text }, nowMs) {
      forget(nowMs);
      seen.push({ atMs: nowMs, userId, known, text: tidy(text) });
      const why = judge(seen);
      if (!why) return false;
      lastMs = nowMs;
      if (began) return false;
      began = { atMs: nowMs, why };
      return true;
    },
    view(nowMs) {
      forget(nowMs);
      return began ? { state: "suspected", sinceMs: began.atMs, why: began.why } : { state: "calm", why: "" };
    },
  };
}

function judge(seen: readonly Seen[]): "strangers" | "chorus" | undefined {
  const everybody = new Set(seen.map(({ userId }) => userId));
  const strangers = new Set(seen.filter(({ known }) => !known).map(({ userId }) => userId));
  if (strangers.size >= STRANGERS && strangers.size >= everybody.size * STRANGERS_SHARE) return "strangers";
  const last = seen.at(-1)?.text ?? "";
  if ([...last].length < CHORUS_LEAST_CHARACTERS) return undefined;
  const chorus = new Set(seen.filter(({ text, known }) => text === last && !known).map(({ userId }) => userId));
  return chorus.size >= CHORUS ? "chorus" : undefined;
}

/** The text without what differs between copies. */
const tidy = (text: string): string =>
  text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}]/gu, "")
    .slice(0, 200);
