import { afterAll, beforeAll, expect, test } from "vitest";
import { PUBLICATIONS_REDIS_KEY, type Publication, publicationRedisKey } from "../contract.ts";
import { eventually, startTestRedis, type TestRedis } from "../testing/redis.ts";
import { claimRedisKey, createClaims } from "./claims.ts";

let redis: TestRedis;
beforeAll(async () => {
  redis = await startTestRedis();
}, 30_000);
afterAll(async () => await redis.stop());

const publication = (room: string, sessionId: string): Publication => ({
  room,
  sessionId,
  keyId: "k",
  protocol: "rtmp",
  startedAtMs: 1,
  sourceUrl: 'http://x/?a="連麥"',
  sourceFormat: "flv",
  videoCodec: "h264",
  audioCodec: "none",
  fpsHint: 29.97,
});
const heard = (room: string) =>
  redis.events.filter((event) => (event.kind === "published" ? event.publication.room : event.room) === room);

test("of many sessions that want a room at once, one gets it", async () => {
  const claims = createClaims(redis.client, { instanceId: "a" });
  const wishes = Array.from({ length: 20 }, (_, i) =>
    claims.take({ room: "busy", sessionId: `s${i}` }, { policy: "refuse" }),
  );
  const results = await Promise.all(wishes);
  expect(results.filter(({ kind }) => kind === "taken")).toHaveLength(1);
  expect(results[1]).toEqual({ kind: "held", sessionId: "s0", instanceId: "a" });
});

test("of many that want it with policy newest, the last one has it, and only it can renew", async () => {
  const claims = createClaims(redis.client, { instanceId: "a" });
  const ids = Array.from({ length: 10 }, (_, i) => `n${i}`);
  await Promise.all(ids.map((sessionId) => claims.take({ room: "newest", sessionId }, { policy: "newest" })));
  const renewed = await Promise.all(ids.map((sessionId) => claims.renew({ room: "newest", sessionId }, undefined)));
  expect(renewed).toEqual(ids.map((id) => id === "n9"));
});

test("a record is announced once, again when it changes or was lost, and its end once", async () => {
  const claims = createClaims(redis.client, { instanceId: "a" });
  const session = { room: "told", sessionId: "t" };
  const record = publication("told", "t");
  await claims.take(session, { policy: "refuse" });
  await claims.renew(session, undefined);
  await claims.renew(session, record);
  await claims.renew(session, record);
  await claims.renew(session, { ...record, audioCodec: "aac" });
  await redis.client.flushall();
  await claims.renew(session, { ...record, audioCodec: "aac" });
  expect(JSON.parse((await redis.client.get(publicationRedisKey("told"))) ?? "")).toEqual({
    ...record,
    audioCodec: "aac",
  });
  await claims.release(session, { reason: "closed", announced: true });
  await eventually(() => heard("told").length === 4);
  expect(heard("told")).toEqual([
    { kind: "published", publication: record },
    { kind: "published", publication: { ...record, audioCodec: "aac" } },
    { kind: "published", publication: { ...record, audioCodec: "aac" } },
    { kind: "unpublished", room: "told", sessionId: "t", reason: "closed" },
  ]);
  expect(await redis.client.exists(publicationRedisKey("told"), claimRedisKey("told"))).toBe(0);
  expect(await redis.client.sismember(PUBLICATIONS_REDIS_KEY, "told")).toBe(0);
});

test("a session that was taken over releases nothing of its successor's", async () => {
  const claims = createClaims(redis.client, { instanceId: "a" });
  await claims.take({ room: "kept", sessionId: "old" }, { policy: "refuse" });
  await claims.take({ room: "kept", sessionId: "new" }, { policy: "newest" });
  await claims.renew({ room: "kept", sessionId: "new" }, publication("kept", "new"));
  await claims.release({ room: "kept", sessionId: "old" }, { reason: "closed", announced: true });
  expect(await redis.client.hget(claimRedisKey("kept"), "session")).toBe("new");
  expect(await redis.client.exists(publicationRedisKey("kept"))).toBe(1);
});

test("stale claims are dropped of this installation only, and not of sessions alive", async () => {
  const mine = createClaims(redis.client, { instanceId: "mine" });
  const theirs = createClaims(redis.client, { instanceId: "theirs" });
  for (const [claims, room] of [
    [mine, "stale"],
    [mine, "alive"],
    [theirs, "foreign"],
  ] as const) {
    await claims.take({ room, sessionId: room }, { policy: "refuse" });
    await claims.renew({ room, sessionId: room }, publication(room, room));
  }
  expect(await mine.dropStale(["alive"])).toBe(1);
  await eventually(() => heard("stale").length === 2);
  expect(heard("stale")[1]).toMatchObject({ kind: "unpublished", reason: "ingest-restarted" });
  expect(await redis.client.exists(...["alive", "foreign"].map(claimRedisKey))).toBe(2);
  expect(await redis.client.exists(claimRedisKey("stale"))).toBe(0);
});
