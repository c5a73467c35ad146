import fc from "fast-check";
import { expect, it } from "vitest";
import { sampleAt } from "./encoder-run.ts";
import { SoundGrid } from "./sound-grid.ts";

it("puts millisecond stamps back on an exact grid", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 40 }), (first) => {
      const grid = new SoundGrid();
      const start = grid.place(first) ?? Number.NaN;
      for (let k = 1; k < 200; k++) {
        const stampMs = Math.round((first + k * 1_024) / 48);
        expect(grid.place(sampleAt(stampMs))).toBe(start + k * 1_024);
      }
    }),
  );
});

it("leaves out what a new encoder repeats, and goes on where the last one ended", () => {
  const grid = new SoundGrid();
  for (let k = 0; k < 10; k++) grid.place(k * 1_024);
  expect([7, 8, 9, 10, 11].map((k) => grid.place(k * 1_024 + 20))).toEqual([null, null, null, 10_240, 11_264]);
});

it("skips whole access units where sound was lost", () => {
  const grid = new SoundGrid();
  grid.place(0);
  expect(grid.place(5 * 1_024 + 90)).toBe(5 * 1_024);
});
