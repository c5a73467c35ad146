import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addTransfer, type Bandwidth, bitsPerSecond, startBandwidth } from "./bandwidth.ts";

/** Parts of `kilobits` per second of media over a link of `linkBps`. */
function run(state: Bandwidth, parts: number, mediaBps: number, linkBps: number, partMs = 333): Bandwidth {
  let next = state;
  for (let i = 0; i < parts; i++) {
    const bytes = Math.round((mediaBps * partMs) / 8_000);
    next = addTransfer(next, { bytes, bodyMs: (bytes * 8_000) / linkBps, mediaMs: partMs });
  }
  return next;
}

describe("bandwidth", () => {
  it("believes the seed before anything is measured", () => {
    expect(bitsPerSecond(startBandwidth(2_500_000))).toBe(2_500_000);
  });

  it("finds a steady link's rate from parts of a low rung", () => {
    const state = run(startBandwidth(500_000), 12, 600_000, 6_000_000);
    expect(bitsPerSecond(state)).toBeGreaterThan(5_500_000);
    expect(bitsPerSecond(state)).toBeLessThan(6_500_000);
  });

  it("is not stuck at the rung's own bitrate on a fast link", () => {
    const state = run(startBandwidth(300_000), 6, 400_000, 50_000_000);
    expect(bitsPerSecond(state)).toBeGreaterThan(20_000_000);
  });

  it("notices a collapse within three parts", () => {
    const before = run(startBandwidth(3_000_000), 60, 2_000_000, 20_000_000);
    const after = run(before, 3, 2_000_000, 600_000);
    expect(bitsPerSecond(after)).toBeLessThan(900_000);
  });

  it("rises only slowly after one lucky part on a slow link", () => {
    const before = run(startBandwidth(1_000_000), 40, 800_000, 1_000_000);
    const after = run(before, 1, 800_000, 100_000_000);
    expect(bitsPerSecond(after)).toBeLessThan(1_400_000);
  });

  it("ignores bodies too small to say anything", () => {
    const state = startBandwidth(1_000_000);
    expect(addTransfer(state, { bytes: 900, bodyMs: 400, mediaMs: 333 })).toBe(state);
    expect(addTransfer(state, { bytes: Number.NaN, bodyMs: 1, mediaMs: 1 })).toBe(state);
  });

  it("stays between the slowest and the fastest part, whatever comes", () => {
    const transfer = fc.record({
      bytes: fc.integer({ min: 9_000, max: 2_000_000 }),
      bodyMs: fc.integer({ min: 1, max: 20_000 }),
      mediaMs: fc.integer({ min: 100, max: 4_000 }),
    });
    fc.assert(
      fc.property(fc.array(transfer, { minLength: 1, maxLength: 40 }), (transfers) => {
        const seed = (8_000 * (transfers[0]?.bytes ?? 0)) / (transfers[0]?.bodyMs ?? 1);
        const state = transfers.reduce(addTransfer, startBandwidth(seed));
        const rates = transfers.map((item) => Math.min(200e6, Math.max(30e3, (item.bytes * 8_000) / item.bodyMs)));
        const estimate = bitsPerSecond(state);
        expect(estimate).toBeGreaterThanOrEqual(Math.min(...rates) * 0.999);
        expect(estimate).toBeLessThanOrEqual(Math.max(...rates) * 1.001);
      }),
    );
  });
});
