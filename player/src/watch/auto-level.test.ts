import { describe, expect, it } from "vitest";
import { AutoLevel } from "./auto-level.ts";

const levels = [
  { height: 360, bitsPerSecond: 700_000 },
  { height: 480, bitsPerSecond: 1_200_000 },
  { height: 720, bitsPerSecond: 2_400_000 },
];

/** A player with a settable clock, buffer and position in the segment. */
function player(seed: number) {
  const view = { nowMs: 0, aheadMs: 700, between: true };
  const auto = new AutoLevel(
    {
      levels: () => levels,
      aheadMs: () => view.aheadMs,
      targetMs: () => 850,
      screenHeight: () => 0,
      betweenSegments: () => view.between,
      nowMs: () => view.nowMs,
    },
    seed,
  );
  /** Downloads one part of the current level over a link. */
  const part = (linkBps: number): void => {
    const bytes = ((levels[auto.level]?.bitsPerSecond ?? 0) * 333) / 8_000;
    auto.started(333);
    view.nowMs += 20;
    auto.headers(bytes);
    view.nowMs += (bytes * 8_000) / linkBps;
    auto.finished(bytes);
    view.nowMs = Math.ceil(view.nowMs / 333) * 333;
  };
  return { auto, view, part };
}

describe("auto level", () => {
  it("starts by the seed and climbs within a few seconds on a fast link", () => {
    const { auto, view, part } = player(500_000);
    expect(auto.level).toBe(0);
    while (auto.level < 2) part(20e6);
    expect(view.nowMs).toBeLessThan(3_000);
  });

  it("keeps its level inside a segment", () => {
    const { auto, view, part } = player(500_000);
    expect(auto.level).toBe(0);
    view.between = false;
    for (let i = 0; i < 20; i++) part(20e6);
    expect(auto.level).toBe(0);
    view.between = true;
    expect(auto.level).toBe(2);
  });

  it("gives up a crawling part before the buffer is dry", () => {
    const { auto, view } = player(10e6);
    expect(auto.level).toBe(2);
    auto.started(333);
    auto.headers(100_000);
    view.nowMs += 250;
    view.aheadMs = 450;
    expect(auto.progress(18_000)).toBe(0);
    expect(auto.level).toBe(0);
    expect(auto.bitsPerSecond).toBeLessThan(1_000_000);
  });

  it("gives up a part of which nothing arrives", () => {
    const { auto, view } = player(10e6);
    expect(auto.level).toBe(2);
    auto.started(333);
    view.nowMs += 150;
    expect(auto.checkSlow()).toBe(-1);
    view.nowMs += 150;
    expect(auto.checkSlow()).toBe(0);
  });

  it("obeys a fixed level and goes back to automatic", () => {
    const { auto } = player(10e6);
    auto.fixed = 1;
    expect(auto.level).toBe(1);
    auto.fixed = -1;
    expect(auto.level).toBe(2);
  });
});
