import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type PictureCut, PictureCutter } from "./cut-pictures.ts";
import { createGrid } from "./grid.ts";

const GRID = createGrid({ fps: 30, partFrames: 10, gopFrames: 30, segmentFrames: 60 });
const TICKS = 3_000;
const picture = (index: number, key = index % 30 === 0) => ({ index, key, data: Buffer.from([index & 0xff]) });

function cut(indices: readonly number[], keys: readonly number[] = [indices[0] ?? 0]): PictureCut[] {
  const cutter = new PictureCutter(GRID);
  return indices.flatMap((index) => cutter.push(picture(index, keys.includes(index) || index % 30 === 0)));
}

const frames = ({ samples }: PictureCut): number[] => samples.map(({ duration }) => duration / TICKS);

describe("PictureCutter", () => {
  test("closes a part at its last picture, without waiting for the next", () => {
    const cuts = cut([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(cuts).toHaveLength(1);
    expect(cuts[0]).toMatchObject({ part: 0, frames: 10, independent: true });
    expect(cut([0, 1, 2, 3, 4, 5, 6, 7, 8])).toHaveLength(0);
  });

  test("a missing last picture is made up by the one before it, as soon as a later one comes", () => {
    const cuts = cut([0, 1, 2, 3, 4, 5, 6, 7, 11]);
    expect(cuts.map(frames)).toEqual([[1, 1, 1, 1, 1, 1, 1, 3]]);
  });

  test("missing pictures inside and at the start of a part leave no hole", () => {
    const cuts = cut([0, 1, 2, 5, 9, 13, 19]);
    expect(cuts.map(frames)).toEqual([
      [1, 1, 3, 4, 1],
      [9, 1],
    ]);
  });

  test("an encoder that begins anew inside a part goes on in it, with one more keyframe", () => {
    const [, second] = cut([...Array(20).keys()], [0, 14]);
    expect(second?.samples.map(({ key }) => key)).toEqual([
      false,
      false,
      false,
      false,
      true,
      false,
      false,
      false,
      false,
      false,
    ]);
    expect(second?.independent).toBe(false);
  });

  test("starts at a keyframe, and drops what repeats", () => {
    const cutter = new PictureCutter(GRID);
    for (const index of [27, 28, 29, 30, 30, 29, 31]) cutter.push(picture(index));
    expect(cutter.dropped).toBe(5);
    expect(cutter.flush()).toMatchObject({ part: 3, frames: 2 });
  });

  test("law: whatever is missing, a part's samples fill it from its first tick to its last", () => {
    const indices = fc.uniqueArray(fc.integer({ min: 0, max: 400 }), { minLength: 2, maxLength: 200 });
    fc.assert(
      fc.property(indices, (unsorted) => {
        const cuts = cut(unsorted.toSorted((a, b) => a - b));
        for (const one of cuts) {
          expect(frames(one).reduce((sum, count) => sum + count, 0)).toBe(10);
          expect(Math.min(...frames(one))).toBeGreaterThan(0);
        }
        expect(cuts.map(({ part }) => part)).toEqual([...new Set(cuts.map(({ part }) => part))].sort((a, b) => a - b));
      }),
      { numRuns: 200 },
    );
  });
});
