import fc from "fast-check";
import { expect, test } from "vitest";
import { CEILING, Limiter, LOOK_AHEAD_SAMPLES } from "./limiter.ts";

test("never lets anything over the ceiling, whatever comes in and however it is cut into blocks", () => {
  const loud = fc.double({ min: -9, max: 9, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 900 }), loud, loud), { minLength: 1, maxLength: 12 }),
      (blocks) => {
        const limiter = new Limiter();
        for (const [length, left, right] of blocks) {
          const l = new Float32Array(length).map((_, i) => left * Math.sin(i));
          const r = new Float32Array(length).fill(right);
          limiter.process(l, r);
          for (const value of [...l, ...r]) expect(Math.abs(value)).toBeLessThanOrEqual(CEILING + 1e-6);
        }
      },
    ),
    { numRuns: 50 },
  );
});

test("quiet sound comes out unchanged, 5 ms later", () => {
  const limiter = new Limiter();
  const wave = new Float32Array(2_000).map((_, i) => 0.5 * Math.sin(i / 7));
  const left = wave.slice();
  limiter.process(left, wave.slice());
  expect(left.subarray(LOOK_AHEAD_SAMPLES)).toEqual(wave.subarray(0, 2_000 - LOOK_AHEAD_SAMPLES));
  expect(left.subarray(0, LOOK_AHEAD_SAMPLES).every((value) => value === 0)).toBe(true);
});

test("comes back to full gain after a peak", () => {
  const limiter = new Limiter();
  limiter.process(new Float32Array(480).fill(4), new Float32Array(480));
  const later = new Float32Array(48_000 * 3).fill(0.3);
  limiter.process(later, later.slice());
  expect(later.at(-1)).toBeCloseTo(0.3, 3);
});
