import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MediaTimeline } from "./media-timeline.ts";
import { MAX_DELAY_MS, PlayoutDelay } from "./playout-delay.ts";
import { SLEW_MS_PER_S, SourceClock } from "./source-clock.ts";

describe("SourceClock", () => {
  test("follows the least delayed arrival and ignores jitter above it", () => {
    const clock = new SourceClock();
    for (let t = 0; t < 20_000; t += 20) clock.observe(t, t + 500 + ((t * 7) % 40));
    expect(clock.baseMs).toBeCloseTo(500, 0);
  });

  test("a burst at the start is settled by its newest frame", () => {
    const clock = new SourceClock();
    for (let t = 0; t <= 2_000; t += 20) clock.observe(t, 10_000);
    expect(clock.baseMs).toBe(8_000);
  });

  test("moves at most 5 ms per second when it has settled", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 200, maxLength: 200 }), (delays) => {
        const clock = new SourceClock();
        let arrivalMs = 0;
        for (const [i, delay] of delays.entries()) {
          const before = clock.baseMs;
          const last = arrivalMs;
          arrivalMs = Math.max(arrivalMs, i * 20 + delay);
          clock.observe(i * 20, arrivalMs);
          if (before === null || !clock.isSettled(last)) continue;
          expect(Math.abs((clock.baseMs ?? 0) - before)).toBeLessThanOrEqual(
            ((arrivalMs - last) * SLEW_MS_PER_S) / 1_000 + 1e-6,
          );
        }
      }),
    );
  });

  test("a burst after a stall is no reason to jump, a lasting shift is", () => {
    const clock = new SourceClock();
    for (let t = 0; t < 3_000; t += 20) clock.observe(t, t);
    for (let t = 3_000; t < 5_000; t += 20) clock.observe(t, 5_000);
    expect(clock.jumps).toBe(0);
    for (let t = 5_000; t < 8_000; t += 20) clock.observe(t, t + 900);
    expect(clock.jumps).toBe(1);
    expect(clock.baseMs).toBeCloseTo(900, 0);
  });
});

describe("PlayoutDelay", () => {
  const LIMITS = { initialMs: 30, minMs: 15 };
  const feed = (delay: PlayoutDelay, fromMs: number, toMs: number, lateness: (atMs: number) => number): void => {
    for (let t = fromMs; t < toMs; t += 20) delay.observe(lateness(t), t);
  };

  test("starts low and stays low on a calm line", () => {
    const delay = new PlayoutDelay(LIMITS);
    expect(delay.ms).toBe(LIMITS.initialMs);
    feed(delay, 0, 30_000, () => 4);
    expect(delay.ms).toBe(LIMITS.initialMs);
  });

  test("grows at once when lateness repeats, and comes back slowly", () => {
    const delay = new PlayoutDelay(LIMITS);
    feed(delay, 0, 2_000, (t) => (t % 200 === 0 ? 120 : 0));
    expect(delay.ms).toBeGreaterThanOrEqual(120);
    feed(delay, 2_000, 12_000, () => 0);
    expect(delay.ms).toBeGreaterThanOrEqual(100);
    feed(delay, 12_000, 120_000, () => 0);
    expect(delay.ms).toBeLessThan(LIMITS.minMs + 1);
  });

  test("one stall of half a second costs nothing; it never exceeds its limit", () => {
    const delay = new PlayoutDelay(LIMITS);
    feed(delay, 0, 5_000, () => 3);
    feed(delay, 5_000, 5_240, () => 480);
    feed(delay, 5_240, 6_000, () => 3);
    expect(delay.ms).toBeLessThanOrEqual(LIMITS.initialMs);
    feed(delay, 6_000, 20_000, () => 5_000);
    expect(delay.ms).toBe(MAX_DELAY_MS);
  });
});

describe("MediaTimeline", () => {
  test("passes an even timeline through", () => {
    const timeline = new MediaTimeline();
    for (let t = 40; t < 10_000; t += 20) expect(timeline.map(t, { expectedMs: t === 40 ? null : t })).toBe(t);
    expect(timeline.jumps).toBe(0);
  });

  test("a jump goes on where arrivals are; the other track's old timestamps still fit", () => {
    const timeline = new MediaTimeline();
    timeline.map(1_000, { expectedMs: null });
    expect(timeline.map(900_000, { expectedMs: 1_020 })).toBe(1_020);
    expect(timeline.map(1_030, { expectedMs: 1_031 })).toBe(1_030);
    expect(timeline.map(900_033, { expectedMs: 1_060 })).toBe(1_053);
    expect(timeline.map(5, { expectedMs: 1_100 })).toBe(1_100);
    expect(timeline.jumps).toBe(2);
  });

  test("a pause as long as its timestamps say is no jump", () => {
    const timeline = new MediaTimeline();
    timeline.map(1_000, { expectedMs: null });
    expect(timeline.map(9_000, { expectedMs: 9_050 })).toBe(9_000);
    expect(timeline.jumps).toBe(0);
  });
});
