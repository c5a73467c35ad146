import { describe, expect, it } from "vitest";
import { type BusyStretch, type LoopSample, startBusyStretch } from "./busy-stretch.ts";

const busy = { activeMs: 25, idleMs: 0 };
const idle = { activeMs: 1, idleMs: 24 };
const lengths = (samples: readonly LoopSample[]): number[] => {
  let stretch: BusyStretch = startBusyStretch();
  return samples.map((sample) => {
    stretch = stretch.after(sample);
    return stretch.lengthMs;
  });
};

describe("a busy stretch", () => {
  it("grows while there is no rest", () => {
    expect(lengths([busy, busy, busy])).toEqual([25, 50, 75]);
  });

  it("ends with a rest: the work on both sides of it is counted once", () => {
    expect(lengths([busy, busy, { activeMs: 10, idleMs: 15 }, idle, busy])).toEqual([25, 50, 60, 11, 26]);
  });

  it("stays short for work that comes in turns", () => {
    expect(Math.max(...lengths(Array.from({ length: 100 }, () => ({ activeMs: 20, idleMs: 5 }))))).toBe(40);
  });

  it("takes a long turn for what it is", () => {
    expect(lengths([idle, { activeMs: 400, idleMs: 1 }])).toEqual([1, 401]);
  });
});
