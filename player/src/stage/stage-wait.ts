/** When a lost stage is tried again. Pure. */

/** The server keeps a place for 15 s: until a little later every second counts. */
const HURRY_MS = 20_000;
const HURRIED_CEILING_MS = 900;
const CEILING_MS = 20_000;
const FIRST_MS = 150;

/** Milliseconds until attempt number `attempt` (from 0) of a link lost `lostForMs` ago; `random` from 0 to 1. */
export function stageWaitMs(attempt: number, lostForMs: number, random: number): number {
  const most = lostForMs < HURRY_MS ? HURRIED_CEILING_MS : CEILING_MS;
  const ceiling = Math.min(most, FIRST_MS * 2 ** Math.min(attempt, 16));
  return ceiling * (0.5 + random / 2);
}
