import { expect, it } from "vitest";
import { inputAllowance } from "./input-allowance.ts";

const base = { fps: 30, gopFrames: 30, index: 61, refilled: 0, runningMs: 60_000, overMs: 0 };

it("lets 2.5 s of pictures wait for an encoder that stood still", () => {
  expect(inputAllowance(base)).toBe(75);
  expect(inputAllowance({ ...base, overMs: 4_999 })).toBe(75);
});

it("lets 700 ms wait for one that is behind for so long that it must be too slow", () => {
  expect(inputAllowance({ ...base, overMs: 5_000 })).toBe(21);
});

it("keeps a GOP's first picture longer, since the others need it", () => {
  expect(inputAllowance({ ...base, index: 60, overMs: 60_000 })).toBe(150);
});

it("gives an encoder that begins with the history the time to work it off, and takes it back bit by bit", () => {
  const at = (runningMs: number) => inputAllowance({ ...base, refilled: 45, runningMs, overMs: 60_000 });
  expect(at(0)).toBe(90);
  expect(at(4_000)).toBe(60);
  expect(at(60_000)).toBe(21);
});
