import fc from "fast-check";
import { expect, it } from "vitest";
import { Lanes } from "./lanes.ts";

const options = { lanes: 4, widthPx: 800, crossMs: 8_000 };

/** Left and right edge of a text at a time. */
const at = (one: { startMs: number; width: number }, nowMs: number) => {
  const left = 800 - ((nowMs - one.startMs) / 8_000) * (800 + one.width);
  return { left, right: left + one.width };
};

it("lets no two texts of a lane touch, whatever their lengths and times", () => {
  const texts = fc.array(
    fc.record({ width: fc.integer({ min: 10, max: 1_500 }), wait: fc.integer({ min: 0, max: 900 }) }),
  );
  fc.assert(
    fc.property(texts, (list) => {
      const lanes = new Lanes(options);
      const taken: { lane: number; startMs: number; width: number }[] = [];
      let nowMs = 0;
      for (const { width, wait } of list) {
        nowMs += wait;
        const lane = lanes.take(width, nowMs);
        if (lane !== undefined) taken.push({ lane, startMs: nowMs, width });
      }
      for (const [index, one] of taken.entries()) {
        const next = taken.slice(index + 1).find(({ lane }) => lane === one.lane);
        if (!next) continue;
        for (let ms = next.startMs; ms <= one.startMs + 8_000; ms += 50) {
          expect(at(next, ms).left).toBeGreaterThanOrEqual(at(one, ms).right - 0.001);
        }
      }
    }),
    { numRuns: 200 },
  );
});

it("fills the upper lanes first and refuses when all are taken", () => {
  const lanes = new Lanes(options);
  expect([0, 1, 2, 3, 4].map(() => lanes.take(200, 0))).toEqual([0, 1, 2, 3, undefined]);
  expect(lanes.take(200, 8_000)).toBe(0);
});
