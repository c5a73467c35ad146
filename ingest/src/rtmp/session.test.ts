import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { publicationRedisKey } from "../contract.ts";
import { recordTags } from "../testing/ffmpeg.ts";
import { startTestIngest, type TestIngest } from "../testing/ingest.ts";
import { eventually, startTestRedis, type TestRedis } from "../testing/redis.ts";
import { RtmpClient } from "../testing/rtmp-client.ts";
import { RTMP_LIMITS } from "./limits.ts";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

// Made before anything is timed: making them holds up this process.
const TAGS = recordTags({ seconds: 1 });

let redis: TestRedis;
let ingest: TestIngest;
beforeAll(async () => {
  redis = await startTestRedis();
  ingest = await startTestIngest(redis.url, {
    limits: { ...RTMP_LIMITS, handshakeMs: 1_500, publishMs: 2_000, idleMs: 2_500, pendingPerAddress: 4 },
  });
});
afterAll(async () => {
  await ingest.stop();
  await redis.stop();
});

const violations = async (reason: string) =>
  Number(
    new RegExp(`violations_total\\{[^}]*reason="${reason}"[^}]*\\} (\\d+)`).exec(await ingest.metrics())?.[1] ?? 0,
  );

async function live(key: string): Promise<RtmpClient> {
  await redis.grant(key, { room: key });
  const { client, status } = await RtmpClient.publishing(ingest.rtmpPort, key);
  expect(status.code).toBe("NetStream.Publish.Start");
  return client;
}

const ended = (room: string) =>
  eventually(() => redis.events.find((event) => event.kind === "unpublished" && event.room === room));

test("a handshake that drips is cut off at its deadline", async () => {
  const client = await RtmpClient.open(ingest.rtmpPort);
  const drip = setInterval(() => client.socket.writable && client.socket.write(Buffer.from([3])), 20);
  await eventually(() => client.closed);
  clearInterval(drip);
  expect(await violations("handshake-timeout")).toBeGreaterThan(0);
});

test("a client that never publishes is cut off at its deadline", async () => {
  const client = await RtmpClient.open(ingest.rtmpPort);
  await client.handshake();
  await client.connect();
  await eventually(() => client.closed);
  expect(await violations("publish-timeout")).toBeGreaterThan(0);
});

test("a live publisher that sends only empty messages is idle", async () => {
  const client = await live("idle");
  for (const tag of TAGS) client.media(tag);
  await eventually(async () => await redis.client.get(publicationRedisKey("idle")));
  const drip = setInterval(() => {
    if (client.socket.writable) client.media({ type: "video", timestampMs: 5_000, data: Buffer.alloc(0) });
  }, 50);
  expect(await ended("idle")).toMatchObject({ reason: "idle" });
  clearInterval(drip);
  await eventually(() => client.closed);
});

test("a live publisher that sends an empty message goes on", async () => {
  const client = await live("empty");
  client.media({ type: "video", timestampMs: 0, data: Buffer.alloc(0) });
  client.media({ type: "audio", timestampMs: 0, data: Buffer.alloc(0) });
  for (const tag of TAGS) client.media(tag);
  await eventually(async () => await redis.client.get(publicationRedisKey("empty")));
  client.destroy();
});

test("one address has only so many waiting connections; a live one does not count", async () => {
  const publisher = await live("counted");
  const waiting = await Promise.all(Array.from({ length: 4 }, () => RtmpClient.open(ingest.rtmpPort)));
  const before = await violations("too-many-connections");
  const extra = await RtmpClient.open(ingest.rtmpPort);
  await eventually(() => extra.closed);
  expect(await violations("too-many-connections")).toBe(before + 1);
  for (const client of [...waiting, publisher]) client.destroy();
  await eventually(async () => /pending_connections\{[^}]*\} 0$/m.test(await ingest.metrics()));
});

test("after a refusal nothing is read and the socket is ended, whatever the client does", async () => {
  const { client, status } = await RtmpClient.publishing(ingest.rtmpPort, "nobody");
  expect(status.level).toBe("error");
  for (let i = 0; i < 50 && client.socket.writable; i += 1) {
    client.media({ type: "video", timestampMs: i, data: Buffer.alloc(2_000, 0x17) });
    await sleep(2);
  }
  await eventually(() => client.closed);
  expect(await redis.client.get(publicationRedisKey("nobody"))).toBeNull();
});

test("media sent before the decision is held and handed on", async () => {
  await redis.grant("eager", { room: "eager" });
  const client = await RtmpClient.open(ingest.rtmpPort);
  await client.handshake();
  await client.connect();
  client.command("createStream", 4, null);
  client.command("publish", 5, null, "eager", "live");
  for (const tag of TAGS) client.media(tag);
  expect((await client.status()).code).toBe("NetStream.Publish.Start");
  await eventually(async () => await redis.client.get(publicationRedisKey("eager")));
  client.destroy();
});

test("a ping is answered, and what was received is acknowledged", async () => {
  const client = await live("ping");
  const heard: Buffer[] = [];
  client.socket.on("data", (data) => heard.push(data));
  client.message({ type: 4, chunkStream: 2, body: Buffer.from([0, 6, 1, 2, 3, 4]) });
  await eventually(() => Buffer.concat(heard).includes(Buffer.from([0, 7, 1, 2, 3, 4])));
  const filler = Buffer.concat([Buffer.from([0x17, 1, 0, 0, 0]), Buffer.alloc(1_000_000)]);
  for (let i = 0; i < 3; i += 1) {
    client.media({ type: "video", timestampMs: i, data: filler });
    if (client.socket.writableNeedDrain) await once(client.socket, "drain");
  }
  await eventually(() => Buffer.concat(heard).includes(Buffer.from([2, 0, 0, 0, 0, 0, 4, 3])));
  client.destroy();
});
