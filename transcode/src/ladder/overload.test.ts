import { expect, it } from "vitest";
import { measureLoad, QUIET_LOAD } from "./overload.ts";

const looks = (lags: readonly number[]) =>
  lags.reduce((state, lagMs, at) => measureLoad(state, { lagMs, dropped: 0, atMs: at * 500 }), QUIET_LOAD);

it("calls a lasting lag an overload", () => {
  expect(looks(Array.from({ length: 22 }, () => 900)).overloaded).toBe(true);
});

it("forgives a lag that goes away", () => {
  expect(looks(Array.from({ length: 22 }, (_, at) => (at === 12 ? 100 : 900))).overloaded).toBe(false);
});

it("counts dropped pictures as lag", () => {
  let state = QUIET_LOAD;
  for (let at = 0; at < 22; at++) state = measureLoad(state, { lagMs: 100, dropped: at + 1, atMs: at * 500 });
  expect(state.overloaded).toBe(true);
});
