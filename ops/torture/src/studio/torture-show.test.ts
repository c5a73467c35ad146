import { expect, it } from "vitest";
import { ACTS } from "./acts.ts";
import { MIN_SOURCE_DELAY_MS } from "./cast.ts";
import { faultsOf, runGuestShow } from "./torture-show.ts";

/** The full run, which also asks that nothing was filled in: `npm run torture -- show`. */
it("a show through everything that a host and guests do leaves no seam in the programme", async () => {
  const report = await runGuestShow({ minutes: 0, guests: 2, seed: 20_261_125 });
  expect(faultsOf(report)).toEqual([]);
  expect([...report.acts.keys()]).toEqual(Object.keys(ACTS));
  expect(report.sourceDelayMs).toBeGreaterThanOrEqual(MIN_SOURCE_DELAY_MS);
  expect(report.muteMs).toHaveLength(1);
});
