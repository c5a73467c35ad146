import { expect, it } from "vitest";
import { runLedger } from "./ledger.ts";

it("gifts, refunds and retries survive kills of the ledger's process and of Redis to the coin", async () => {
  const run = await runLedger({ gifts: 2_500, seed: 7, kills: 3, redis: 1 });
  expect(run).toMatchObject({ commands: 2_500, kills: 3, redisKills: 1, broken: [], differences: [] });
  expect(run.moved).toBeGreaterThan(1_000);
  expect(run.repeats).toBeGreaterThan(50);
});
