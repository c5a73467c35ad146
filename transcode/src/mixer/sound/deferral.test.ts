import { expect, test } from "vitest";
import { Deferral } from "./deferral.ts";

const PACKET_MS = 20;
const PACKET = PACKET_MS * 48;
const DELAY = 120 * 48;

/** Packets due `marginsMs` from the reader's place, one after another; what is deferred after each. */
function follow(marginsMs: readonly number[]): number[] {
  const deferral = new Deferral();
  return marginsMs.map((marginMs, i) => {
    const readEnd = i * PACKET;
    deferral.observe(readEnd + marginMs * 48, { readEnd, delay: DELAY, nowMs: i * PACKET_MS });
    return deferral.samples;
  });
}

const many = (marginMs: number): number[] => Array.from({ length: 15 }, () => marginMs);

test("sound in time, or late for a moment, stays where it is due", () => {
  expect(follow(many(10)).every((samples) => samples === 0)).toBe(true);
  const burst = [...many(10), ...Array.from({ length: 9 }, () => -300), ...many(10)];
  expect(follow(burst).every((samples) => samples === 0)).toBe(true);
});

test("sound that is late for good is laid in front of the reader", () => {
  expect(follow(many(-300)).at(-1)).toBe(300 * 48 + DELAY);
});

test("later still, it is laid in front of the reader again; in time again, where it is due", () => {
  const [later, back] = [
    [...many(-300), ...many(-700)],
    [...many(-300), ...many(5)],
  ];
  expect(follow(later).at(-1)).toBe(700 * 48 + DELAY);
  expect(follow(back).at(-1)).toBe(0);
});
