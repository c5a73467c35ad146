import { expect, it } from "vitest";
import { isHeardBefore, longestSilenceMs, silentAfterMs, toneLevels } from "./tone-level.ts";

const RATE = 8_000;
/** Two tones for four seconds; the second is silent from 2,000 ms to 2,400 ms. */
const samples = Float32Array.from({ length: 4 * RATE }, (_, at) => {
  const tone = (hertz: number) => 0.2 * Math.sin((2 * Math.PI * hertz * at) / RATE);
  const seconds = at / RATE;
  return tone(440) + (seconds >= 2 && seconds < 2.4 ? 0 : tone(700));
});

it("tells tones apart and how long one is silent", () => {
  expect(longestSilenceMs(toneLevels(samples, 440))).toBe(0);
  expect(longestSilenceMs(toneLevels(samples, 700))).toBe(400);
  expect(Math.max(...toneLevels(samples, 1_400))).toBeLessThan(0.01);
  expect(longestSilenceMs(toneLevels(samples, 1_400))).toBeNaN();
});

it("finds when a tone fell silent, and nothing where there was none or it went on", () => {
  const levels = toneLevels(samples, 700);
  expect(silentAfterMs(levels, { fromMs: 1_500, toMs: 2_300 })).toBe(500);
  expect(silentAfterMs(levels, { fromMs: 1_990, toMs: 2_390 })).toBe(10);
  expect(silentAfterMs(levels, { fromMs: 2_100, toMs: 2_390 })).toBe(-100);
  expect(silentAfterMs(levels, { fromMs: 1_100, toMs: 1_800 })).toBeNaN();
  expect(isHeardBefore(levels, 1_100)).toBe(true);
  expect(isHeardBefore(toneLevels(samples, 1_400), 1_100)).toBe(false);
  expect(silentAfterMs(toneLevels(samples, 1_400), { fromMs: 1_100, toMs: 2_000 })).toBeNaN();
});
