import fc from "fast-check";
import { expect, test } from "vitest";
import { EARLY_MS, HYSTERESIS_MS, stepsToTake } from "./choose-picture.ts";

test("the newest due picture is shown, those before it are skipped", () => {
  expect(stepsToTake([0, 33, 66, 200], { dueMs: 100, usual: 1 })).toBe(3);
  expect(stepsToTake([200], { dueMs: 100, usual: 1 })).toBe(0);
  expect(stepsToTake([], { dueMs: 100, usual: 1 })).toBe(0);
});

test("a picture a little early or late does not disturb a one-to-one cadence", () => {
  expect(stepsToTake([100 + EARLY_MS + HYSTERESIS_MS], { dueMs: 100, usual: 1 })).toBe(1);
  expect(stepsToTake([80, 100 + EARLY_MS - HYSTERESIS_MS + 1], { dueMs: 100, usual: 1 })).toBe(1);
});

test("never shows a picture earlier than the limits allow, never more than there are", () => {
  const times = fc.array(fc.double({ min: 0, max: 1_000, noNaN: true }), { maxLength: 20 });
  fc.assert(
    fc.property(
      times,
      fc.double({ min: 0, max: 1_000, noNaN: true }),
      fc.integer({ min: 1, max: 3 }),
      (unsorted, dueMs, usual) => {
        const playouts = unsorted.toSorted((a, b) => a - b);
        const steps = stepsToTake(playouts, { dueMs, usual });
        expect(steps).toBeLessThanOrEqual(playouts.length);
        if (steps > 0) expect(playouts[steps - 1]).toBeLessThanOrEqual(dueMs + EARLY_MS + HYSTERESIS_MS);
        const next = playouts[steps];
        if (next !== undefined) expect(next).toBeGreaterThan(dueMs + EARLY_MS - HYSTERESIS_MS);
      },
    ),
  );
});

test("30 in 30 out with jitter of 7 ms around any phase has no hold and no skip", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 33, noNaN: true }),
      fc.array(fc.double({ min: 0, max: 7, noNaN: true }), { minLength: 90, maxLength: 90 }),
      (phase, jitter) => {
        const playouts = jitter.map((extra, i) => phase + (i * 1_000) / 30 + extra).toSorted((a, b) => a - b);
        const steps: number[] = [];
        for (let k = 0; k < 80; k++) {
          const taken = stepsToTake(playouts, { dueMs: (k * 1_000) / 30, usual: 1 });
          playouts.splice(0, taken);
          steps.push(taken);
        }
        // The first pictures find the phase.
        expect(steps.slice(3).every((step) => step === 1)).toBe(true);
      },
    ),
  );
});
