import { expect, it } from "vitest";
import { grown, runHostile } from "./hostile.ts";
import { seams } from "./judge-recording.ts";

/** The full run: `npm run torture -- hostile`. */
it("hostile connections and requests leave the show whole, get 4xx with a code, and take no memory", async () => {
  const report = await runHostile({ connections: 200, requests: 1_000, seed: 20_261_124 });
  expect(report.faults.slice(0, 5)).toEqual([]);
  expect([400, 401, 404, 405, 413, 415].filter((status) => !report.statuses.has(status))).toEqual([]);
  expect(report.died).toEqual([]);
  expect(grown(report)).toEqual([]);
  expect(seams(report.judgement)).toEqual([]);
  expect(report.judgement.pictures.length).toBeGreaterThan(100);
  expect(report.sameDocument).toBe(true);
});
