import { expect, it } from "vitest";
import { runMutes } from "./mute.ts";

it("no word of a person stands behind a mute or ban, whoever publishes where, also through failovers", async () => {
  const run = await runMutes({ trials: 200, lanes: 8, rooms: 2, failovers: 2, seed: 1 });
  expect(run).toMatchObject({ calm: 200, late: [], unmuted: [] });
  expect(run.failover).toBeGreaterThanOrEqual(50);
  expect(run.generations).toBeGreaterThan(2);
  expect(run.spoken).toBeGreaterThan(200);
}, 600_000);
