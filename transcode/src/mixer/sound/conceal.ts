/**
 * Makes up for sound that was lost: the last period of what was heard goes on, fading away. Short losses of speech are
 * hardly noticed that way, longer ones end in silence instead of a buzz. Pure.
 */

/** Sound looked at for its period: 2.5 to 15 ms, the range of voices. */
const SHORTEST_PERIOD = 120;
const LONGEST_PERIOD = 720;
const MATCHED_SAMPLES = 480;
/** Needed before the loss. */
export const HISTORY_SAMPLES = LONGEST_PERIOD + MATCHED_SAMPLES;
/** What is made up is silent after this long. */
export const FADED_SAMPLES = 2_880;

/** Distance at which the end of `history` repeats itself best. */
export function findPeriod(history: Float32Array): number {
  const end = history.length;
  let best = LONGEST_PERIOD;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (let period = SHORTEST_PERIOD; period <= LONGEST_PERIOD; period += 4) {
    const score = similarity(history, { end, period });
    if (score > bestScore) {
      bestScore = score;
      best = period;
    }
  }
  return best;
}

function similarity(history: Float32Array, { end, period }: { readonly end: number; readonly period: number }): number {
  let product = 0;
  let power = 1e-9;
  for (let i = end - MATCHED_SAMPLES; i < end; i += 2) {
    const before = history[i - period] ?? 0;
    product += (history[i] ?? 0) * before;
    power += before * before;
  }
  return product / Math.sqrt(power);
}

/** `count` samples that go on from the end of `history` by its `period`. */
export function goOn(
  history: Float32Array,
  options: { readonly period: number; readonly count: number },
): Float32Array {
  const { period, count } = options;
  const made = new Float32Array(count);
  const from = history.length - period;
  for (let i = 0; i < count; i++) {
    const gain = Math.max(0, 1 - i / FADED_SAMPLES);
    made[i] = (history[from + (i % period)] ?? 0) * gain;
  }
  return made;
}
