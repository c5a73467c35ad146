import { expect, it } from "vitest";
import { inputAllowance } from "./input-allowance.ts";

const base = { fps: 30, gopFrames: 30, index: 61, refilled: 0, runningMs: 60_000 };

it("lets 700 ms of pictures wait for a running encoder", () => {
  expect(inputAllowance(base)).toBe(21);
});

it("keeps a GOP's first picture longer, since the others need it", () => {
  expect(inputAllowance({ ...base, index: 60 })).toBe(75);
});

it("gives an encoder that begins with the history the time to work it off, and takes it back bit by bit", () => {
  const at = (runningMs: number) => inputAllowance({ ...base, refilled: 45, runningMs });
  expect(at(0)).toBe(90);
  expect(at(4_000)).toBe(60);
  expect(at(60_000)).toBe(21);
});
