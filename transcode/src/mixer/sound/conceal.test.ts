import { expect, test } from "vitest";
import { FADED_SAMPLES, findPeriod, goOn, HISTORY_SAMPLES } from "./conceal.ts";

const tone = (period: number, count: number, from = 0): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => Math.sin((2 * Math.PI * (from + i)) / period));

test("a voice's period is found and goes on without a step", () => {
  for (const period of [160, 240, 400, 600]) {
    const history = tone(period, HISTORY_SAMPLES);
    expect(findPeriod(history) % period).toBe(0);
    const made = goOn(history, { period: findPeriod(history), count: 960 });
    const wanted = tone(period, 960, HISTORY_SAMPLES);
    for (let i = 0; i < 480; i++) expect(Math.abs(made[i]! - wanted[i]!)).toBeLessThan(0.2);
    expect(Math.abs(made[0]! - history.at(-1)!)).toBeLessThan(0.05);
  }
});

test("it fades to silence, and silence stays silent", () => {
  const made = goOn(tone(240, HISTORY_SAMPLES), { period: 240, count: FADED_SAMPLES + 100 });
  expect(made.subarray(FADED_SAMPLES).every((sample) => sample === 0)).toBe(true);
  const silent = new Float32Array(HISTORY_SAMPLES);
  expect(goOn(silent, { period: findPeriod(silent), count: 960 }).every((sample) => sample === 0)).toBe(true);
});
