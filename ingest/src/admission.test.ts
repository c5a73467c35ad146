import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { healthRedisKey, INGEST_COMMANDS_CHANNEL, type IngestHealth, publicationRedisKey } from "./contract.ts";
import { keyHash } from "./publication/grants.ts";
import { publishWithFfmpeg, recordTags } from "./testing/ffmpeg.ts";
import { startTestIngest, type TestIngest } from "./testing/ingest.ts";
import { eventually, startTestRedis, type TestRedis } from "./testing/redis.ts";
import { RtmpClient } from "./testing/rtmp-client.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 30_000 });

let redis: TestRedis;
let ingest: TestIngest;
beforeAll(async () => {
  redis = await startTestRedis();
  ingest = await startTestIngest(redis.url);
});
afterAll(async () => {
  await ingest.stop();
  await redis.stop();
});

const published = (room: string) => eventually(async () => await redis.client.get(publicationRedisKey(room)));
const unpublished = (room: string) =>
  eventually(() => redis.events.find((event) => event.kind === "unpublished" && event.room === room));

test("ffmpeg with an active key is published with its codecs, measured, and unpublished when it stops", async () => {
  await redis.grant("good", { room: "good" });
  const publisher = publishWithFfmpeg(`${ingest.url("good")}?a=b`, { seconds: 4 });
  const record = JSON.parse(await published("good"));
  expect(record).toMatchObject({ room: "good", videoCodec: "h264", audioCodec: "aac", protocol: "rtmp", fpsHint: 30 });
  expect(await publisher.exited).toBe(0);
  expect(await unpublished("good")).toMatchObject({ sessionId: record.sessionId, reason: "unpublished" });
  expect(await redis.client.get(publicationRedisKey("good"))).toBeNull();
  const health: IngestHealth = JSON.parse((await redis.client.get(healthRedisKey("good"))) ?? "");
  expect(health).toMatchObject({
    width: 320,
    height: 180,
    videoCodec: "h264",
    bFrames: false,
    keyframeIntervalMs: 1_000,
  });
  expect(health.encoder).toMatch(/^Lavf/);
  expect(await ingest.metrics()).toMatch(/lianmai_ingest_sessions_ended_total\{.*reason="unpublished".*\} 1/);
});

test.each([
  ["a wrong key", "wrong", undefined, "Wrong stream key"],
  ["a retired key", "old", "retired", "has been replaced"],
  ["a revoked key", "stolen", "revoked", "has been revoked"],
] as const)("%s is refused with words that ffmpeg shows, before any media", async (_, key, state, words) => {
  if (state) await redis.grant(key, { room: key, state });
  const publisher = publishWithFfmpeg(ingest.url(key), { seconds: 2 });
  expect(await publisher.exited).not.toBe(0);
  expect(publisher.stderr()).toContain(words);
  expect(redis.events.filter((event) => event.kind === "published" && event.publication.room === key)).toEqual([]);
});

test("a key revoked mid-show ends the session within a second and is refused from then on", async () => {
  await redis.grant("later", { room: "later" });
  const publisher = publishWithFfmpeg(ingest.url("later"), { seconds: 30 });
  await published("later");
  await redis.grant("later", { room: "later", state: "revoked" });
  const revokedAt = Date.now();
  await redis.client.publish(
    INGEST_COMMANDS_CHANNEL,
    JSON.stringify({ kind: "grant-changed", keyHash: keyHash("later") }),
  );
  expect(await unpublished("later")).toMatchObject({ reason: "key-revoked" });
  // Generous: the poll alone would do it in about a second.
  expect(Date.now() - revokedAt).toBeLessThan(4_000);
  expect(await publisher.exited).not.toBe(0);
  const { client, status } = await RtmpClient.publishing(ingest.rtmpPort, "later");
  expect(status).toMatchObject({ level: "error", code: "NetStream.Publish.BadName" });
  client.destroy();
});

test("a revocation that was never announced is found by the poll", async () => {
  await redis.grant("quiet", { room: "quiet" });
  const publisher = publishWithFfmpeg(ingest.url("quiet"), { seconds: 30 });
  await published("quiet");
  await redis.grant("quiet", { room: "quiet", state: "revoked" });
  expect(await unpublished("quiet")).toMatchObject({ reason: "key-revoked" });
  await publisher.exited;
});

test("a retired key keeps its show and starts no other", async () => {
  await redis.grant("rotated", { room: "rotated", takeover: "newest" });
  const publisher = publishWithFfmpeg(ingest.url("rotated"), { seconds: 5 });
  await published("rotated");
  await redis.grant("rotated", { room: "rotated", takeover: "newest", state: "retired" });
  await redis.client.publish(
    INGEST_COMMANDS_CHANNEL,
    JSON.stringify({ kind: "grant-changed", keyHash: keyHash("rotated") }),
  );
  const { client, status } = await RtmpClient.publishing(ingest.rtmpPort, "rotated");
  expect(status.description).toContain("replaced");
  client.destroy();
  expect(await publisher.exited).toBe(0);
  expect(await unpublished("rotated")).toMatchObject({ reason: "unpublished" });
});

test("a room ended by command ends its publisher", async () => {
  await redis.grant("ended", { room: "ended" });
  const publisher = publishWithFfmpeg(ingest.url("ended"), { seconds: 30 });
  await published("ended");
  await redis.client.publish(
    INGEST_COMMANDS_CHANNEL,
    JSON.stringify({ kind: "end-room", room: "ended", reason: "host" }),
  );
  expect(await unpublished("ended")).toMatchObject({ reason: "room-ended" });
  expect(await publisher.exited).not.toBe(0);
});

test("librtmp's message order goes live, and its FCUnpublish ends the session at once", async () => {
  await redis.grant("obs", { room: "obs" });
  const { client, status } = await RtmpClient.publishing(ingest.rtmpPort, "obs");
  expect(status).toMatchObject({ level: "status", code: "NetStream.Publish.Start" });
  client.metadata({ width: 320, height: 180, framerate: 25, encoder: "obs-output module (libobs version 31.0.0)" });
  for (const tag of recordTags({ seconds: 1, fps: 25 }).filter((tag) => tag.type !== "script")) client.media(tag);
  expect(JSON.parse(await published("obs"))).toMatchObject({ videoCodec: "h264", audioCodec: "aac", fpsHint: 25 });
  client.command("FCUnpublish", 6, null, "obs");
  expect(await unpublished("obs")).toMatchObject({ reason: "unpublished" });
  await eventually(() => client.closed);
});

test("a publisher killed with SIGKILL is unpublished at once", async () => {
  await redis.grant("killed", { room: "killed" });
  const publisher = publishWithFfmpeg(ingest.url("killed"), { seconds: 30 });
  await published("killed");
  await publisher.kill("SIGKILL");
  const killedAt = Date.now();
  expect(await unpublished("killed")).toMatchObject({ reason: "closed" });
  // Generous: the idle limit would take ten seconds, the vendor's event thirty.
  expect(Date.now() - killedAt).toBeLessThan(4_000);
});

test("a wrong application name is refused, and a slash after the right one is not", async () => {
  await redis.grant("slash", { room: "slash" });
  const wrong = await RtmpClient.open(ingest.rtmpPort);
  await wrong.handshake();
  await wrong.connect("stream", {});
  expect((await wrong.publish("slash")).description).toContain("/live");
  const right = await RtmpClient.open(ingest.rtmpPort);
  await right.handshake();
  await right.connect("live/", {});
  expect((await right.publish("slash")).code).toBe("NetStream.Publish.Start");
  wrong.destroy();
  right.destroy();
});

test("an unsupported codec ends the session with a status and a finding", async () => {
  await redis.grant("flv1", { room: "flv1" });
  const { client, status } = await RtmpClient.publishing(ingest.rtmpPort, "flv1");
  expect(status.code).toBe("NetStream.Publish.Start");
  client.media({ type: "video", timestampMs: 0, data: Buffer.from([0x12, 1, 2, 3, 4, 5, 6]) });
  expect((await client.status()).description).toContain("Unsupported codec");
  const health = await eventually(async () => await redis.client.get(healthRedisKey("flv1")));
  expect(JSON.parse(health).findings).toMatchObject([{ code: "codec-unsupported", severity: "error" }]);
});
