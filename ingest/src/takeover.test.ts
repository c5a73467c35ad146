import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { PUBLICATION_TTL_MS, type Publication, publicationRedisKey } from "./contract.ts";
import { claimRedisKey } from "./publication/claims.ts";
import { HALF_OPEN_MS } from "./publication/registry.ts";
import { publishWithFfmpeg, recordTags } from "./testing/ffmpeg.ts";
import { startIngestProcess, startTestIngest, type TestIngest } from "./testing/ingest.ts";
import { eventually, freePort, startTestRedis, type TestRedis } from "./testing/redis.ts";
import { RtmpClient } from "./testing/rtmp-client.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 30_000 });

let redis: TestRedis;
let here: TestIngest;
let there: TestIngest;
beforeAll(async () => {
  redis = await startTestRedis();
  here = await startTestIngest(redis.url);
  there = await startTestIngest(redis.url);
});
afterAll(async () => {
  await here.stop();
  await there.stop();
  await redis.stop();
});

const record = async (room: string, not = ""): Promise<Publication> =>
  await eventually(async () => {
    const text = await redis.client.get(publicationRedisKey(room));
    const publication: Publication | undefined = text ? JSON.parse(text) : undefined;
    return publication?.sessionId === not ? undefined : publication;
  });

/** Kinds and sessions of a room's events, in order. */
const story = (room: string) =>
  redis.events.flatMap((event) => {
    if (event.kind === "published")
      return event.publication.room === room ? [["published", event.publication.sessionId]] : [];
    return event.room === room ? [["unpublished", event.sessionId, event.reason]] : [];
  });

test.each(["here", "there"] as const)(
  "policy refuse: the second publisher (%s) is refused, the first goes on",
  async (where) => {
    const key = `refuse-${where}`;
    await redis.grant(key, { room: key });
    const first = publishWithFfmpeg(here.url(key), { seconds: 30 });
    const { sessionId } = await record(key);
    const second = publishWithFfmpeg((where === "here" ? here : there).url(key), { seconds: 30 });
    expect(await second.exited).not.toBe(0);
    expect(second.stderr()).toContain("already live");
    expect((await record(key)).sessionId).toBe(sessionId);
    expect(first.child.exitCode).toBeNull();
    await first.kill();
  },
);

test.each(["here", "there"] as const)(
  "policy newest: the second publisher (%s) ends the first, in this order",
  async (where) => {
    const key = `newest-${where}`;
    await redis.grant(key, { room: key, takeover: "newest" });
    const first = publishWithFfmpeg(here.url(key), { seconds: 30 });
    const old = await record(key);
    const second = publishWithFfmpeg((where === "here" ? here : there).url(key), { seconds: 30 });
    const successor = await record(key, old.sessionId);
    expect(await first.exited).not.toBe(0);
    await sleep(1_500);
    expect(story(key)).toEqual([
      ["published", old.sessionId],
      ["unpublished", old.sessionId, "taken-over"],
      ["published", successor.sessionId],
    ]);
    expect(second.child.exitCode).toBeNull();
    expect((await record(key)).sessionId).toBe(successor.sessionId);
    await second.kill();
  },
);

test("the same key is let back in while its broken connection is still open", async () => {
  await redis.grant("half-open", { room: "half-open" });
  const broken = await RtmpClient.publishing(here.rtmpPort, "half-open");
  const early = await RtmpClient.publishing(here.rtmpPort, "half-open");
  expect(early.status.code).toBe("NetStream.Publish.BadName");
  await sleep(HALF_OPEN_MS + 200);
  const back = await RtmpClient.publishing(here.rtmpPort, "half-open");
  expect(back.status.code).toBe("NetStream.Publish.Start");
  expect((await broken.client.status()).description).toContain("taken over");
  for (const { client } of [broken, early, back]) client.destroy();
});

test("an ingest that crashed frees its rooms when it is started again", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "ingest-crash-"));
  await redis.grant("crashed", { room: "crashed" });
  const before = await startIngestProcess(redis.url, { dataDir });
  const first = publishWithFfmpeg(before.url("crashed"), { seconds: 30 });
  const { sessionId } = await record("crashed");
  before.child.kill("SIGKILL");
  await before.stop();
  const after = await startIngestProcess(redis.url, { dataDir });
  await eventually(() => story("crashed").length === 2);
  expect(story("crashed")[1]).toEqual(["unpublished", sessionId, "ingest-restarted"]);
  const { client, status } = await RtmpClient.publishing(after.rtmpPort, "crashed");
  expect(status.code).toBe("NetStream.Publish.Start");
  client.destroy();
  await first.kill();
  await after.stop();
  expect(after.child.exitCode).toBe(0);
  await rm(dataDir, { recursive: true });
});

test("another machine's crashed ingest keeps the room no longer than the claim's time to live", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "ingest-crash-"));
  await redis.grant("elsewhere", { room: "elsewhere" });
  const other = await startIngestProcess(redis.url, { dataDir });
  const first = publishWithFfmpeg(other.url("elsewhere"), { seconds: 30 });
  await record("elsewhere");
  other.child.kill("SIGKILL");
  await other.stop();
  const ttlMs = await redis.client.pttl(claimRedisKey("elsewhere"));
  expect(ttlMs).toBeGreaterThan(0);
  expect(ttlMs).toBeLessThanOrEqual(PUBLICATION_TTL_MS);
  await sleep(ttlMs + 50);
  const { client, status } = await RtmpClient.publishing(here.rtmpPort, "elsewhere");
  expect(status.code).toBe("NetStream.Publish.Start");
  client.destroy();
  await first.kill();
  await rm(dataDir, { recursive: true });
});

test("without Redis a live session goes on, newcomers are told to try again, and all is claimed when it is back", async () => {
  const key = "outage";
  await redis.grant(key, { room: key });
  const tags = recordTags({ seconds: 1 }).filter((tag) => tag.type !== "script");
  const { client } = await RtmpClient.publishing(here.rtmpPort, key);
  for (const tag of tags) client.media(tag);
  const before = await record(key);
  await redis.down();
  const newcomer = await RtmpClient.publishing(there.rtmpPort, key);
  expect(newcomer.status).toMatchObject({ code: "NetStream.Publish.Denied" });
  expect(newcomer.status.description).toContain("try again");
  for (let i = 1; i <= 3; i += 1) {
    await sleep(1_000);
    for (const tag of tags.slice(2)) client.media({ ...tag, timestampMs: tag.timestampMs + 1_000 * i });
  }
  expect(client.closed).toBe(false);
  await redis.up();
  expect((await record(key)).sessionId).toBe(before.sessionId);
  expect(story(key).at(-1)).toEqual(["published", before.sessionId]);
  expect(client.closed).toBe(false);
  for (const each of [client, newcomer.client]) each.destroy();
});

test("a client that leaves while its key is decided leaves no claim behind", async () => {
  await redis.grant("fickle", { room: "fickle" });
  const fickle = await RtmpClient.open(here.rtmpPort);
  await fickle.handshake();
  await fickle.connect();
  // Redis answers only after the client has left.
  await redis.client.client("PAUSE", 600);
  fickle.command("publish", 5, null, "fickle", "live");
  await sleep(200);
  fickle.destroy();
  await sleep(600);
  // Well before the idle limit, which would free it too.
  await eventually(async () => (await redis.client.exists(claimRedisKey("fickle"))) === 0, 6_000);
  const { client, status } = await RtmpClient.publishing(here.rtmpPort, "fickle");
  expect(status.code).toBe("NetStream.Publish.Start");
  client.destroy();
});

test("an ingest started before its Redis says so, and publishes once it is there", async () => {
  const port = await freePort();
  const early = await startTestIngest(`redis://127.0.0.1:${port}/0`);
  expect((await fetch(`${early.httpUrl}/readyz`)).status).toBe(503);
  const refused = await RtmpClient.publishing(early.rtmpPort, "early");
  expect(refused.status.description).toContain("try again");
  const late = await startTestRedis({ port });
  await late.grant("early", { room: "early" });
  await eventually(async () => (await fetch(`${early.httpUrl}/readyz`)).status === 200);
  const { client, status } = await RtmpClient.publishing(early.rtmpPort, "early");
  expect(status.code).toBe("NetStream.Publish.Start");
  client.destroy();
  await early.stop();
  await late.stop();
});

test("more publishers than the service takes are told so", async () => {
  const small = await startTestIngest(redis.url, { maxPublishers: 1 });
  await redis.grant("one", { room: "one" });
  await redis.grant("two", { room: "two" });
  const one = await RtmpClient.publishing(small.rtmpPort, "one");
  const two = await RtmpClient.publishing(small.rtmpPort, "two");
  expect(one.status.code).toBe("NetStream.Publish.Start");
  expect(two.status.description).toContain("Server busy");
  for (const { client } of [one, two]) client.destroy();
  await small.stop();
});
