/** Which decoded picture belongs to a program picture. Pure. */

/** A picture may be shown this much before its playout time, so that jitter below half a picture shows nothing. */
export const EARLY_MS = 12;
/** While the usual cadence holds, the limit gives way by this much: 30 in 30 out does not beat into pairs. */
export const HYSTERESIS_MS = 8;

/**
 * How many of the waiting pictures (playout times, ascending) to step forward at `dueMs`: 0 holds the present one,
 * n shows the n-th and skips those before it. `usual` is the step of the undisturbed cadence, at least 1.
 */
export function stepsToTake(
  playoutsMs: readonly number[],
  options: { readonly dueMs: number; readonly usual: number },
): number {
  const { dueMs, usual } = options;
  const due = countUpTo(playoutsMs, dueMs + EARLY_MS);
  if (due < usual && countUpTo(playoutsMs, dueMs + EARLY_MS + HYSTERESIS_MS) >= usual) return usual;
  if (due > usual && countUpTo(playoutsMs, dueMs + EARLY_MS - HYSTERESIS_MS) <= usual) return usual;
  return due;
}

function countUpTo(playoutsMs: readonly number[], limitMs: number): number {
  let count = 0;
  while (count < playoutsMs.length && (playoutsMs[count] ?? 0) <= limitMs) count++;
  return count;
}
