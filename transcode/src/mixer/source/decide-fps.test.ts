import { expect, test } from "vitest";
import { decideFps } from "./decide-fps.ts";

test("agreeing statements are believed at once", () => {
  expect(decideFps({ measured: 0, header: 30, hint: 29.97 }, { isFinal: false })).toBe(29.97);
});

test("a single or contradicted statement waits for the measurement, which it then refines", () => {
  expect(decideFps({ measured: 0, header: 0, hint: 60 }, { isFinal: false })).toBeNull();
  expect(decideFps({ measured: 29.8, header: 0, hint: 60 }, { isFinal: false })).toBe(29.8);
  expect(decideFps({ measured: 29.8, header: 30, hint: 60 }, { isFinal: false })).toBe(30);
});

test("in the end there is always an answer, and nonsense is no evidence", () => {
  expect(decideFps({ measured: 0, header: 0, hint: 1e9 }, { isFinal: true })).toBe(30);
  expect(decideFps({ measured: 0, header: 25, hint: -1 }, { isFinal: true })).toBe(25);
});
