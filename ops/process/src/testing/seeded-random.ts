/** Numbers from 0 to 1 that are the same for the same seed (Mulberry32): an attack can be repeated. */
export type Random = () => number;

/** Makes a generator from a 32-bit seed. */
export function randomFrom(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One of `items`, which must not be empty. */
export const pick = <T>(random: Random, items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;

/** Between 0 and `bound` - 1. */
export const below = (random: Random, bound: number): number => Math.floor(random() * bound);

/** `size` random bytes. */
export const bytesFrom = (random: Random, size: number): Buffer =>
  Buffer.from(Array.from({ length: size }, () => below(random, 256)));
