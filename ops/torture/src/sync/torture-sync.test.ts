import { expect, it } from "vitest";
import { BOUND_MS, medianOf, outOfSync, runSync } from "./torture-sync.ts";

const TROUBLES = { clockPpm: 100, cardPpm: 100, loss: 0.03, jitterMs: 30, seed: 20_261_129 };
const LATE_MS = 80;

/** The full run, with guests in Chromium: `npm run torture -- sync`. */
it("a guest with drifting clocks and a poor network stays in sync, and one who comes out of sync is found", async () => {
  const report = await runSync({
    ...{ seconds: 16, hostOffsetMs: 0 },
    guests: [
      { offsetMs: 0, troubles: TROUBLES },
      { offsetMs: LATE_MS, troubles: { clockPpm: 0, cardPpm: 0, loss: 0, jitterMs: 0, seed: 1 } },
    ],
  });
  const faults = outOfSync(report);
  expect(faults.filter((fault) => !fault.startsWith("bob"))).toEqual([]);
  expect(faults.some((fault) => fault.startsWith("bob"))).toBe(true);
  expect(Math.abs(medianOf(report, "bob") - LATE_MS)).toBeLessThan(BOUND_MS);
  const { lost = 0, passed = 0, resent = 0 } = report.networks.ann ?? {};
  expect(lost / (lost + passed)).toBeGreaterThan(0.01);
  expect(resent).toBeGreaterThan(0);
});
