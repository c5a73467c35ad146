import { layoutChoiceRedisKey, TRANSCODE_COMMANDS_CHANNEL } from "@lianmai/transcode/contract";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Session } from "../protocol/api.ts";
import { startTestEdge, type TestEdge } from "../testing/edge.ts";
import { eventually, startTestRedis, type TestRedis } from "../testing/redis.ts";

let redis: TestRedis;
let edge: TestEdge;
let ann: Session;
let bob: Session;
beforeAll(async () => {
  redis = await startTestRedis();
  edge = await startTestEdge(redis, { rateLimits: { writesPerMinute: 10_000 } });
  ann = await edge.signUp("Ann");
  bob = await edge.signUp("Bob");
  await edge.call("POST", "/api/v1/rooms", { token: ann.token, body: { slug: "kitchen", title: "The kitchen" } });
});
afterAll(async () => {
  await edge.stop();
  await redis.stop();
});

const path = "/api/v1/rooms/kitchen/layout";

it("is automatic until the host chooses, then as chosen, kept for transcode and told to it", async () => {
  expect((await edge.call("GET", path, { token: ann.token })).body).toEqual({ kind: "auto" });
  const told: string[] = [];
  const listener = redis.client.duplicate({ enableOfflineQueue: true });
  await listener.subscribe(TRANSCODE_COMMANDS_CHANNEL);
  listener.on("message", (_channel: string, text: string) => told.push(text));
  const choice = { kind: "picture-in-picture", focus: "p1" };
  expect((await edge.call("PUT", path, { token: ann.token, body: choice })).status).toBe(200);
  expect((await edge.call("GET", path, { token: ann.token })).body).toEqual(choice);
  expect(JSON.parse((await redis.client.get(layoutChoiceRedisKey("kitchen"))) ?? "")).toEqual(choice);
  await eventually(() => told.some((text) => text.includes("layout-changed")));
  listener.disconnect();
});

it("is nobody else's business, and takes only layouts there are", async () => {
  expect((await edge.call("PUT", path, { token: bob.token, body: { kind: "grid" } })).status).toBe(403);
  expect((await edge.call("PUT", path, { body: { kind: "grid" } })).status).toBe(401);
  for (const body of [{ kind: "spiral" }, {}, { kind: "grid", more: 1 }, { kind: "grid", focus: "" }]) {
    expect((await edge.call("PUT", path, { token: ann.token, body })).status).toBe(400);
  }
});
