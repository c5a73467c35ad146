import { expect, it } from "vitest";
import { faultsOf, runStage } from "./stage.ts";

/** The full run: `npm run torture -- stage`. */
it("a stage lets nothing behind, keeps its rules, and its people notice no attack", async () => {
  const report = await runStage({ cycles: 6, turns: 20, malformed: 400, seed: 20_261_125 });
  expect(faultsOf(report)).toEqual([]);
  expect([400, 403, 404].filter((status) => !report.statuses.has(status))).toEqual([]);
});
