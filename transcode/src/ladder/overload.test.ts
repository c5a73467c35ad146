import { expect, it } from "vitest";
import { HANG_MS, measureLoad, NO_OUTPUT, QUIET_LOAD, watchOutput } from "./overload.ts";

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

const watch = (looks: readonly (readonly [fed: number, given: number, runNumber?: number])[]) =>
  looks.reduce(
    (state, [fed, given, runNumber = 1], at) => watchOutput(state, { runNumber, fed, given, atMs: at * 1_000 }),
    NO_OUTPUT,
  );

it("calls an encoder that gives nothing hung, after a while", () => {
  const looks = Array.from({ length: 1 + HANG_MS / 1_000 }, (_, at) => [100 + at, 60] as const);
  expect(watch(looks.slice(0, -1)).hangs).toBe(false);
  expect(watch(looks).hangs).toBe(true);
});

it("does not call a slow one hung, nor one that waits for pictures, nor a new one", () => {
  const long = Array.from({ length: 20 }, (_, at) => at);
  expect(watch(long.map((at) => [500 + at * 30, 60 + Math.floor(at / 3)])).hangs).toBe(false);
  expect(watch(long.map(() => [90, 90])).hangs).toBe(false);
  expect(watch(long.map((at) => [90, -1, Math.floor(at / 4)])).hangs).toBe(false);
});
