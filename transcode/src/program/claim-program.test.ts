import { setTimeout as sleep } from "node:timers/promises";
import { startTestRedis, type TestRedis } from "@lianmai/process/testing/redis-server";
import { afterAll, beforeAll, expect, test } from "vitest";
import { claimProgram, LEASE_TTL_MS, releaseProgram, renewProgram } from "./claim-program.ts";

let redis: TestRedis;
beforeAll(async () => {
  redis = await startTestRedis();
});
afterAll(async () => {
  await redis.stop();
});

test("of many who claim a room at once one gets it", async () => {
  const epochs = await Promise.all(["a", "b", "c", "d"].map((owner) => claimProgram(redis.client, "many", owner)));
  expect(epochs.filter((epoch) => epoch !== null)).toEqual([1]);
});

test("each taking has a higher number, also by the same owner, which gets its own lease back at once", async () => {
  expect(await claimProgram(redis.client, "again", "a")).toBe(1);
  expect(await claimProgram(redis.client, "again", "a")).toBe(2);
  await releaseProgram(redis.client, "again", "a");
  expect(await claimProgram(redis.client, "again", "b")).toBe(3);
});

test("a lease is kept by its holder only, and lost to who took it meanwhile", async () => {
  await claimProgram(redis.client, "kept", "a");
  expect(await renewProgram(redis.client, "kept", "a")).toBe(true);
  expect(await renewProgram(redis.client, "kept", "b")).toBe(false);
  await releaseProgram(redis.client, "kept", "b");
  expect(await claimProgram(redis.client, "kept", "b")).toBeNull();
});

test("a holder that does not renew loses its lease; one that renews does not", async () => {
  await claimProgram(redis.client, "silent", "a");
  await claimProgram(redis.client, "renewed", "a");
  const untilMs = Date.now() + LEASE_TTL_MS + 500;
  while (Date.now() < untilMs) {
    expect(await renewProgram(redis.client, "renewed", "a")).toBe(true);
    await sleep(LEASE_TTL_MS / 6);
  }
  expect(await claimProgram(redis.client, "silent", "b")).toBe(2);
  expect(await claimProgram(redis.client, "renewed", "b")).toBeNull();
});

test("a lease that ran out while nobody wanted it is renewed, under the number it had", async () => {
  await claimProgram(redis.client, "lapsed", "a");
  await redis.client.del("transcode:lease:lapsed");
  expect(await renewProgram(redis.client, "lapsed", "a")).toBe(true);
  expect(await claimProgram(redis.client, "lapsed", "b")).toBeNull();
});
