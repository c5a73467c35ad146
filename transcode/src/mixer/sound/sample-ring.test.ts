import { expect, test } from "vitest";
import { FADE_IN_SAMPLES, FADE_OUT_SAMPLES, SampleRing } from "./sample-ring.ts";

const ones = (count: number): Float32Array => new Float32Array(count).fill(1);

function read(ring: SampleRing, from: number, count: number): Float32Array {
  const left = new Float32Array(count);
  ring.read(from, left, new Float32Array(count));
  return left;
}

/** Largest step between neighbouring samples. */
const steepest = (samples: Float32Array): number =>
  samples.reduce((most, value, i) => (i === 0 ? 0 : Math.max(most, Math.abs(value - (samples[i - 1] ?? 0)))), 0);

test("what was written is read at its position, after a fade in", () => {
  const ring = new SampleRing();
  ring.moveTo(1_000_000);
  ring.write(ones(4_000), ones(4_000), 4_000);
  const samples = read(ring, 999_900, 3_000);
  expect(samples.subarray(0, 100).every((value) => value === 0)).toBe(true);
  expect(samples[100 + FADE_IN_SAMPLES]).toBe(1);
  expect(steepest(samples)).toBeLessThan(0.02);
});

test("an underrun fades out before the end, is counted once, and fades in again", () => {
  const ring = new SampleRing();
  ring.moveTo(0);
  ring.write(ones(2_000), ones(2_000), 2_000);
  const before = read(ring, 0, 1_600);
  const during = read(ring, 1_600, 1_600);
  ring.moveTo(4_000);
  ring.write(ones(4_000), ones(4_000), 4_000);
  const after = read(ring, 3_200, 1_600);
  expect(during[399 - FADE_OUT_SAMPLES]).toBe(1);
  expect(during[400]).toBe(0);
  expect(ring.underruns).toBe(1);
  const all = new Float32Array([...before, ...during, ...after]);
  expect(steepest(all)).toBeLessThan(0.02);
  expect(after.at(-1)).toBe(1);
});

test("a step back into a hole is heard from there on", () => {
  const ring = new SampleRing();
  ring.moveTo(0);
  ring.write(ones(2_000), ones(2_000), 2_000);
  ring.moveTo(20_000);
  ring.write(ones(1_000), ones(1_000), 1_000);
  ring.moveTo(4_000);
  ring.write(ones(6_000), ones(6_000), 6_000);
  const samples = read(ring, 0, 9_000);
  expect(samples[3_000]).toBe(0);
  expect(samples.subarray(4_000 + FADE_IN_SAMPLES).every((value) => value === 1)).toBe(true);
  expect(steepest(samples)).toBeLessThan(0.02);
});

test("a hole and a step back are faded on both sides", () => {
  const ring = new SampleRing();
  ring.moveTo(0);
  ring.write(ones(2_000), ones(2_000), 2_000);
  ring.moveTo(3_000);
  ring.write(ones(2_000), ones(2_000), 2_000);
  ring.moveTo(4_500);
  ring.write(new Float32Array(3_000).fill(-1), ones(3_000), 3_000);
  const samples = read(ring, 0, 7_000);
  expect(samples[2_500]).toBe(0);
  expect(samples[3_600]).toBe(1);
  expect(samples[6_000]).toBe(-1);
  expect(steepest(samples)).toBeLessThan(0.02);
});
