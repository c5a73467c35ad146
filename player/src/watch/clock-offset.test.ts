import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addDate, offsetMs, startClockOffset } from "./clock-offset.ts";

/** An answer of a server whose clock is `offset` ahead, asked at local time `askedAtMs`. */
function answer(offset: number, askedAtMs: number, wayMs: number, passedMs = 333) {
  const dateMs = Math.floor((askedAtMs + wayMs / 2 + offset) / 1_000) * 1_000;
  return { dateMs, askedAtMs, hereAtMs: askedAtMs + wayMs, passedMs };
}

describe("clock offset", () => {
  it("knows nothing at first", () => {
    expect(offsetMs(startClockOffset, 400)).toBeUndefined();
  });

  it("finds the offset of a clock that is minutes wrong, to some tens of milliseconds", () => {
    fc.assert(
      fc.property(fc.integer({ min: -600_000, max: 600_000 }), fc.integer({ min: 2, max: 60 }), (offset, wayMs) => {
        let bounds = startClockOffset;
        for (let i = 0; i < 60; i++) bounds = addDate(bounds, answer(offset, 1_000_000 + i * 337, wayMs));
        const found = offsetMs(bounds, 400);
        expect(found).toBeDefined();
        expect(Math.abs((found ?? 0) - offset)).toBeLessThan(wayMs + 120);
      }),
    );
  });

  it("never excludes the truth", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -5_000, max: 5_000 }),
        fc.array(fc.tuple(fc.nat(2_000), fc.nat(300)), { minLength: 1, maxLength: 50 }),
        (offset, steps) => {
          let bounds = startClockOffset;
          let nowMs = 10_000_000;
          for (const [waitMs, wayMs] of steps) {
            nowMs += waitMs;
            bounds = addDate(bounds, answer(offset, nowMs, wayMs, waitMs));
            expect(bounds.minMs).toBeLessThanOrEqual(offset);
            expect(bounds.maxMs).toBeGreaterThanOrEqual(offset);
          }
        },
      ),
    );
  });

  it("starts over when the clock was set", () => {
    let bounds = startClockOffset;
    for (let i = 0; i < 30; i++) bounds = addDate(bounds, answer(0, 1_000_000 + i * 337, 10));
    for (let i = 0; i < 60; i++) bounds = addDate(bounds, answer(7_000, 1_100_000 + i * 337, 10));
    expect(Math.abs((offsetMs(bounds, 400) ?? 0) - 7_000)).toBeLessThan(60);
  });
});
