import { grantRedisKey, INGEST_COMMANDS_CHANNEL, type StreamKeyGrant } from "@lianmai/ingest/contract";
import { roomSettingsRedisKey, TRANSCODE_COMMANDS_CHANNEL } from "@lianmai/transcode/contract";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { NewStreamKey, StreamKeyList } from "../protocol/api.ts";
import { openDatabase } from "../storage/database.ts";
import { startTestEdge, type TestEdge } from "../testing/edge.ts";
import { eventually, startTestRedis, type TestRedis } from "../testing/redis.ts";
import { generateStreamKey, hashStreamKey } from "./stream-keys.ts";

let redis: TestRedis;
let edge: TestEdge;
let token: string;
let rooms = 0;
let slug: string;
let first: NewStreamKey;
const commands: { readonly channel: string; readonly [field: string]: unknown }[] = [];

beforeAll(async () => {
  redis = await startTestRedis();
  await redis.subscriber.subscribe(INGEST_COMMANDS_CHANNEL, TRANSCODE_COMMANDS_CHANNEL);
  redis.subscriber.on("message", (channel, text) => commands.push({ channel, ...JSON.parse(text) }));
  edge = await startTestEdge(redis, { rateLimits: { writesPerMinute: 10_000 } });
  token = (await edge.signUp("Ann")).token;
});
beforeEach(async () => {
  rooms += 1;
  slug = `room-${rooms}`;
  first = await edge.room(token, slug);
});
afterAll(async () => {
  await edge.stop();
  await redis.stop();
});

const grantOf = async (key: string) => {
  const text = await redis.client.get(grantRedisKey(hashStreamKey(key)));
  return text === null ? undefined : (JSON.parse(text) as StreamKeyGrant);
};
const keys = () => `/api/v1/rooms/${slug}/stream-keys`;
const list = async () => (await edge.call<StreamKeyList>("GET", keys(), { token })).body.streamKeys;

describe("stream keys", () => {
  it("are shown once and stored hashed", async () => {
    expect(first.key).toMatch(/^lm_[0-9A-Za-z]{32}$/);
    expect(first.server).toBe("rtmp://127.0.0.1:1935/live");
    expect(first.whipUrl).toBe(`${edge.url}/whip/${slug}`);
    expect(first.pending).toBe(false);
    expect(await list()).toEqual([first.streamKey]);
    expect(first.streamKey.hint).toBe(first.key.slice(-4));
    const database = openDatabase(`${edge.dataDir}/lianmai.sqlite`);
    const text = JSON.stringify(database.all("SELECT * FROM stream_keys"));
    database.close();
    expect(text).toContain(hashStreamKey(first.key));
    expect(text).not.toContain(first.key);
  });

  it("differ, each character drawn from all 62", () => {
    const made = Array.from({ length: 300 }, generateStreamKey);
    expect(new Set(made).size).toBe(300);
    expect(new Set(made.join("").replaceAll("lm_", ""))).toHaveLength(62);
  });

  it("are known to ingest when the answer arrives", async () => {
    expect(await grantOf(first.key)).toEqual({
      keyId: first.streamKey.id,
      label: "OBS",
      room: slug,
      state: "active",
      takeover: "refuse",
    });
    const keyHash = hashStreamKey(first.key);
    await eventually(() => commands.some((c) => c["kind"] === "grant-changed" && c["keyHash"] === keyHash));
  });

  it("are rotated: the new one is active, the old one retired with the same label", async () => {
    const path = `${keys()}/${first.streamKey.id}/rotate`;
    const { status, body } = await edge.call<NewStreamKey>("POST", path, { token });
    expect(status).toBe(201);
    expect(body.streamKey).toMatchObject({ label: "OBS", state: "active" });
    expect((await grantOf(first.key))?.state).toBe("retired");
    expect((await grantOf(body.key))?.state).toBe("active");
    const again = await edge.call("POST", path, { token });
    expect([again.status, again.body.code]).toEqual([409, "key-not-active"]);
  });

  it("are revoked, and ingest is told at once", async () => {
    commands.length = 0;
    const path = `${keys()}/${first.streamKey.id}`;
    expect((await edge.call("DELETE", path, { token })).status).toBe(204);
    expect((await grantOf(first.key))?.state).toBe("revoked");
    const keyHash = hashStreamKey(first.key);
    await eventually(() => commands.some((c) => c["kind"] === "grant-changed" && c["keyHash"] === keyHash));
    expect((await list())[0]?.state).toBe("revoked");
    const other = await edge.call("DELETE", `${keys()}/nothing`, { token });
    expect(other.body.code).toBe("stream-key-not-found");
  });

  it("belong to the host: others see and change nothing", async () => {
    const stranger = (await edge.signUp(`Stranger ${rooms}`)).token;
    for (const [method, path] of [
      ["GET", keys()],
      ["POST", `${keys()}/${first.streamKey.id}/rotate`],
      ["DELETE", `${keys()}/${first.streamKey.id}`],
    ] as const) {
      expect((await edge.call(method, path, { token: stranger })).body.code).toBe("not-allowed");
      expect((await edge.call(method, path)).body.code).toBe("not-signed-in");
    }
  });

  it("are bounded in number", async () => {
    let last = 0;
    for (let n = 1; n <= 20 && last !== 409; n += 1) {
      last = (await edge.call("POST", keys(), { token, body: { label: `k${n}` } })).status;
    }
    expect(last).toBe(409);
    expect((await list()).length).toBe(20);
  });

  it("leave a trace of who did what", async () => {
    await edge.call("DELETE", `${keys()}/${first.streamKey.id}`, { token });
    const database = openDatabase(`${edge.dataDir}/lianmai.sqlite`);
    const rows = database.all(
      "SELECT kind FROM stream_key_events WHERE stream_key_id = ? ORDER BY id",
      first.streamKey.id,
    );
    database.close();
    expect(rows).toEqual([{ kind: "created" }, { kind: "revoked" }]);
  });
});

describe("projection", () => {
  it("carries the room's policy in every grant and its settings to transcode", async () => {
    commands.length = 0;
    const body = { takeover: "newest", graceMs: 5_000, partTargetMs: 200 };
    const changed = await edge.call("PATCH", `/api/v1/rooms/${slug}/settings`, { token, body });
    expect(changed.body).toMatchObject(body);
    expect((await grantOf(first.key))?.takeover).toBe("newest");
    const settings = await redis.client.get(roomSettingsRedisKey(slug));
    expect(JSON.parse(settings ?? "")).toEqual({ graceMs: 5_000, partTargetMs: 200 });
    await eventually(() => commands.some((c) => c["kind"] === "settings-changed" && c["room"] === slug));
  });

  it("takes a deleted room's keys and settings away and ends its program", async () => {
    commands.length = 0;
    expect((await edge.call("DELETE", `/api/v1/rooms/${slug}`, { token })).status).toBe(204);
    expect((await grantOf(first.key))?.state).toBe("revoked");
    expect(await redis.client.get(roomSettingsRedisKey(slug))).toBeNull();
    await eventually(() => commands.some((c) => c["kind"] === "end-program" && c["room"] === slug));
    await eventually(() => commands.some((c) => c["kind"] === "end-room" && c["room"] === slug));
    const other = (await edge.signUp(`Next ${rooms}`)).token;
    expect((await edge.call("POST", "/api/v1/rooms", { token: other, body: { slug, title: "New" } })).status).toBe(201);
  });

  it("is made good when Redis comes back empty, with what changed meanwhile", async () => {
    const kept = await edge.call<NewStreamKey>("POST", keys(), { token, body: { label: "second" } });
    await redis.down();
    const revoked = await edge.call("DELETE", `${keys()}/${first.streamKey.id}`, { token });
    const made = await edge.call<NewStreamKey>("POST", keys(), { token, body: { label: "offline" } });
    expect([revoked.status, made.status, made.body.pending]).toEqual([204, 201, true]);
    await redis.up();
    await eventually(async () => (await grantOf(made.body.key))?.state === "active");
    await eventually(async () => (await grantOf(kept.body.key))?.state === "active");
    expect((await grantOf(first.key))?.state).toBe("revoked");
    await eventually(async () => (await redis.client.get(roomSettingsRedisKey(slug))) !== null);
  });

  it("is made anew at each start", async () => {
    await redis.client.flushall();
    const second = await startTestEdge(redis, { dataDir: edge.dataDir });
    await eventually(async () => (await grantOf(first.key))?.state === "active");
    await second.stop();
  });
});
