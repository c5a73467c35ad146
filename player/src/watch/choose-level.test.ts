import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chooseLevel, type LevelMemory, type LevelSituation, startLevelMemory } from "./choose-level.ts";

const levels = [
  { height: 360, bitsPerSecond: 700_000 },
  { height: 480, bitsPerSecond: 1_200_000 },
  { height: 720, bitsPerSecond: 2_400_000 },
];

function at(change: Partial<LevelSituation>): LevelSituation {
  return {
    levels,
    current: 0,
    bitsPerSecond: 3_000_000,
    aheadMs: 700,
    targetMs: 850,
    screenHeight: 0,
    nowMs: 100_000,
    ...change,
  };
}

describe("choose level", () => {
  it("starts with what the estimate carries", () => {
    expect(chooseLevel(at({ current: -1, bitsPerSecond: 10e6 }), startLevelMemory).level).toBe(2);
    expect(chooseLevel(at({ current: -1, bitsPerSecond: 1_800_000 }), startLevelMemory).level).toBe(1);
    expect(chooseLevel(at({ current: -1, bitsPerSecond: 100_000 }), startLevelMemory).level).toBe(0);
  });

  it("climbs to the top at once on a fast link", () => {
    expect(chooseLevel(at({ bitsPerSecond: 20e6 }), startLevelMemory).level).toBe(2);
  });

  it("does not climb with an almost empty buffer, nor right after a step down", () => {
    expect(chooseLevel(at({ bitsPerSecond: 20e6, aheadMs: 100 }), startLevelMemory).level).toBe(0);
    const memory: LevelMemory = { ...startLevelMemory, lastDownAtMs: 98_000 };
    expect(chooseLevel(at({ bitsPerSecond: 20e6 }), memory).level).toBe(0);
    expect(chooseLevel(at({ bitsPerSecond: 20e6, nowMs: 103_000 }), memory).level).toBe(2);
  });

  it("keeps a level that is tight but carried", () => {
    expect(chooseLevel(at({ current: 2, bitsPerSecond: 2_700_000 }), startLevelMemory).level).toBe(2);
  });

  it("steps down to what the link carries, skipping rungs", () => {
    expect(chooseLevel(at({ current: 2, bitsPerSecond: 900_000 }), startLevelMemory).level).toBe(0);
  });

  it("gives up a part that will come too late", () => {
    const slowPart = { bitsPerSecond: 1_900_000, remainingMs: 900 };
    const choice = chooseLevel(at({ current: 2, aheadMs: 400, slowPart }), startLevelMemory);
    expect(choice).toMatchObject({ level: 1, urgent: true });
    expect(chooseLevel(at({ current: 2, aheadMs: 1_200, slowPart }), startLevelMemory).urgent).toBe(false);
    expect(chooseLevel(at({ current: 0, aheadMs: 100, slowPart }), startLevelMemory).urgent).toBe(false);
  });

  it("waits longer after each step up that had to be taken back", () => {
    let memory: LevelMemory = { ...startLevelMemory, lastUpAtMs: 95_000 };
    memory = chooseLevel(at({ current: 2, bitsPerSecond: 1_000_000 }), memory).memory;
    expect(memory.holdMs).toBe(startLevelMemory.holdMs * 2);
    memory = { ...memory, lastUpAtMs: 120_000 };
    memory = chooseLevel(at({ current: 2, bitsPerSecond: 1_000_000, nowMs: 125_000 }), memory).memory;
    expect(memory.holdMs).toBe(startLevelMemory.holdMs * 4);
  });

  it("loads nothing taller than the picture can show", () => {
    expect(chooseLevel(at({ bitsPerSecond: 50e6, screenHeight: 380 }), startLevelMemory).level).toBe(0);
    expect(chooseLevel(at({ bitsPerSecond: 50e6, screenHeight: 600 }), startLevelMemory).level).toBe(1);
    expect(chooseLevel(at({ bitsPerSecond: 50e6, screenHeight: 2_000 }), startLevelMemory).level).toBe(2);
  });

  it("always names a level that exists", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ height: fc.nat(2_160), bitsPerSecond: fc.nat(20e6) }), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: -1, max: 7 }),
        fc.nat(30e6),
        fc.nat(5_000),
        fc.nat(2_160),
        (offers, current, bitsPerSecond, aheadMs, screenHeight) => {
          const sorted = offers.toSorted((a, b) => a.bitsPerSecond - b.bitsPerSecond);
          const { level } = chooseLevel(
            at({ levels: sorted, current, bitsPerSecond, aheadMs, screenHeight }),
            startLevelMemory,
          );
          expect(level).toBeGreaterThanOrEqual(0);
          expect(level).toBeLessThan(sorted.length);
        },
      ),
    );
  });
});
