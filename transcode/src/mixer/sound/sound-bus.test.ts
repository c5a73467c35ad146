import { expect, test } from "vitest";
import { LOOK_AHEAD_SAMPLES } from "./limiter.ts";
import { GAIN_RAMP_SAMPLES, SoundBus, type SoundInput } from "./sound-bus.ts";

const BLOCK = 1_600;

/** A source that plays its own sample positions, or a constant. */
const constant = (sourceId: string, value: number): SoundInput => ({
  sourceId,
  readSound(_from, left, right) {
    left.fill(value);
    right.fill(-value);
    return true;
  },
});

function leftOf(data: Buffer): number[] {
  return Array.from({ length: data.length / 4 }, (_, i) => data.readInt16LE(i * 4) / 32_767);
}

test("sums sources, left and right apart, and ramps gains without a step", () => {
  const bus = new SoundBus({ blockSamples: BLOCK });
  const inputs = [constant("a", 0.2), constant("b", 0.3)];
  const levels = (gain: number) => inputs.map((input) => ({ input, gain }));
  const on = leftOf(bus.mix(0, levels(1)));
  expect(on[LOOK_AHEAD_SAMPLES + GAIN_RAMP_SAMPLES]).toBeCloseTo(0.5, 3);
  const off = leftOf(bus.mix(BLOCK, levels(0)));
  const all = [...on, ...off];
  for (let i = 1; i < all.length; i++) expect(Math.abs(all[i]! - all[i - 1]!)).toBeLessThan(0.002);
  expect(off.at(-1)).toBe(0);
  expect(bus.mix(2 * BLOCK, levels(1)).readInt16LE((BLOCK - 1) * 4 + 2) / 32_767).toBeCloseTo(-0.5, 3);
});

test("is silent without sources, and asks sources 5 ms ahead to make up for the limiter", () => {
  const bus = new SoundBus({ blockSamples: BLOCK });
  expect(bus.mix(0, []).every((byte) => byte === 0)).toBe(true);
  const asked: number[] = [];
  const input: SoundInput = { sourceId: "a", readSound: (from) => asked.push(from) === 0 };
  bus.mix(48_000, [{ input, gain: 1 }]);
  expect(asked).toEqual([48_000 + LOOK_AHEAD_SAMPLES]);
});

test("many loud sources stay below full scale", () => {
  const bus = new SoundBus({ blockSamples: BLOCK });
  const levels = Array.from({ length: 9 }, (_, i) => ({ input: constant(`${i}`, 0.4), gain: 1 }));
  for (let k = 0; k < 5; k++)
    expect(Math.max(...leftOf(bus.mix(k * BLOCK, levels)).map(Math.abs))).toBeLessThanOrEqual(0.891);
});
