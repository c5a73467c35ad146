import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createGrid } from "../pack/grid.ts";
import { listedSeconds } from "./listed-durations.ts";

const grids = fc
  .record({
    fps: fc.constantFrom(24, 25, 30, 48, 50, 60),
    partFrames: fc.integer({ min: 2, max: 60 }),
    gopParts: fc.integer({ min: 1, max: 10 }),
    gops: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ fps, partFrames, gopParts, gops }) =>
    createGrid({ fps, partFrames, gopFrames: partFrames * gopParts, segmentFrames: partFrames * gopParts * gops }),
  );

const segmentOf = (grid: ReturnType<typeof createGrid>) =>
  Array.from({ length: grid.partsPerSegment }, (_, at) => ({
    number: grid.partsPerSegment * 7 + at,
    seconds: grid.partSeconds,
  }));

describe("listedSeconds", () => {
  test("[4.4.4.9-85] [4.4.3.7-PT] no part is longer than the part target, none but the last shorter than 85 % of it", () => {
    fc.assert(
      fc.property(grids, (grid) => {
        const target = Math.ceil(grid.partSeconds * 1e5 - 1e-6) / 1e5;
        const listed = listedSeconds(grid, segmentOf(grid));
        for (const [at, seconds] of listed.entries()) {
          expect(seconds).toBeLessThanOrEqual(target + 1e-9);
          if (at < listed.length - 1) expect(seconds).toBeGreaterThan(0.85 * target);
        }
      }),
    );
  });

  test("law: wherever a player joins a segment, its buffer ends after the segment's stated end, by less than a frame", () => {
    fc.assert(
      fc.property(grids, fc.nat(), (grid, pick) => {
        const listed = listedSeconds(grid, segmentOf(grid));
        const joined = pick % grid.partsPerSegment;
        const statedStart = listed.slice(0, joined).reduce((sum, seconds) => sum + seconds, 0);
        const statedEnd = listed.reduce((sum, seconds) => sum + seconds, 0);
        const played = (grid.partsPerSegment - joined) * grid.partSeconds;
        // Browsers count whole microseconds and round down.
        const bufferEnd = Math.floor((statedStart + played) * 1e6 - 1) / 1e6;
        expect(bufferEnd).toBeGreaterThan(statedEnd);
        expect(bufferEnd - statedEnd).toBeLessThan(0.001);
      }),
      { numRuns: 500 },
    );
  });
});
