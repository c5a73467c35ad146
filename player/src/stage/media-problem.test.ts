import { expect, it } from "vitest";
import { en } from "../text/en.ts";
import { loudness } from "./level-meter.ts";
import { MEDIA_PROBLEMS, mediaProblem } from "./media-problem.ts";

it.each([
  ["NotAllowedError", "Permission denied", "denied"],
  ["NotAllowedError", "Permission denied by system", "denied-by-system"],
  ["NotFoundError", "", "none-found"],
  ["NotReadableError", "", "in-use"],
  ["AbortError", "", "in-use"],
  ["OverconstrainedError", "", "not-as-wanted"],
  ["TypeError", "", "unsupported"],
  ["Whatever", "", "failed"],
])("explains %s %s as %s", (name, message, problem) => {
  expect(mediaProblem(Object.assign(new Error(message), { name }), true)).toBe(problem);
});

it("blames the address where devices are not given to insecure pages", () => {
  expect(mediaProblem(new TypeError("undefined"), false)).toBe("insecure");
});

it("has a text and a way out for every problem", () => {
  for (const problem of MEDIA_PROBLEMS) {
    expect(Object.keys(en)).toEqual(expect.arrayContaining([`device.problem.${problem}`, `device.help.${problem}`]));
  }
});

it("shows silence as nothing, and full scale as everything", () => {
  expect(loudness(new Float32Array(1_024))).toBe(0);
  expect(loudness(new Float32Array(1_024).fill(1))).toBe(1);
  const spoken = loudness(Float32Array.from({ length: 1_024 }, (_, i) => 0.05 * Math.sin(i / 5)));
  expect(spoken).toBeGreaterThan(0.3);
  expect(spoken).toBeLessThan(0.7);
});
