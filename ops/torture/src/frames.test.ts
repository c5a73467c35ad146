import { expect, it } from "vitest";
import { faultsOf, runFrames } from "./frames.ts";

/** The full run: `npm run torture -- frames`. */
it("wrong frames, requests and uploads get documented codes, take no memory, and nobody else notices", async () => {
  const report = await runFrames({ shots: 400, rate: 100, seed: 3 });
  expect(faultsOf(report)).toEqual([]);
  expect(report.shots).toBeGreaterThanOrEqual(400);
  const seen = new Set([...report.answers.keys()].map((answer) => answer.split(" ", 2).join(" ")));
  for (const wanted of ["fault bad-json", "fault bad-frame", "fault bad-token", "fault rate", "nack forbidden"]) {
    expect(seen).toContain(wanted);
  }
  for (const wanted of ["nack invalid", "close 1002", "close 4010", "http 422", "http 413", "http 401"]) {
    expect(seen).toContain(wanted);
  }
});
