import { healthRedisKey, INGEST_COMMANDS_CHANNEL, publicationRedisKey } from "@lianmai/ingest/contract";
import { TRANSCODE_COMMANDS_CHANNEL } from "@lianmai/transcode/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { viewersRedisKey } from "../live/share-viewers.ts";
import type { OwnRooms, Room, RoomHostSettings, RoomIngestHealth, RoomList, Session } from "../protocol/api.ts";
import { announceProgram, PASSWORD, programRecord, startTestEdge, type TestEdge } from "../testing/edge.ts";
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
});
afterAll(async () => {
  await edge.stop();
  await redis.stop();
});

const create = (token: string, slug: string, more = {}) =>
  edge.call<Room & { code?: string }>("POST", "/api/v1/rooms", {
    token,
    body: { slug, title: `The ${slug}`, ...more },
  });
const get = (slug: string) => edge.call<Room>("GET", `/api/v1/rooms/${slug}`);

describe("rooms", () => {
  it("are made by whoever is signed in and seen by everybody", async () => {
    const made = await create(ann.token, "kitchen", { coverUrl: "/cover.png" });
    expect([made.status, made.headers.get("location")]).toEqual([201, "/api/v1/rooms/kitchen"]);
    expect(made.body).toMatchObject({ slug: "kitchen", coverUrl: "/cover.png", host: { name: "Ann" }, live: null });
    expect((await get("kitchen")).body).toEqual(made.body);
    expect((await create("", "other")).status).toBe(401);
    const own = await edge.call<OwnRooms>("GET", "/api/v1/users/me/rooms", { token: ann.token });
    expect(own.body.rooms.map(({ slug }) => slug)).toEqual(["kitchen"]);
  });

  it("have one slug each, that is neither taken, reserved nor odd", async () => {
    await create(ann.token, "taken");
    expect((await create(bob.token, "taken")).body.code).toBe("slug-taken");
    expect((await create(bob.token, "api")).body.code).toBe("slug-reserved");
    for (const slug of ["A", "a--b", "-a", "a-", "a/b", "../x", "é", "x".repeat(41), "a"]) {
      expect([slug, (await create(bob.token, slug)).body.code]).toEqual([slug, "invalid-request"]);
    }
  });

  it("are bounded by account", async () => {
    const { token } = await edge.signUp("Collector");
    let status = 0;
    let made = 0;
    for (; made < 30; made += 1) {
      status = (await create(token, `collected-${made}`)).status;
      if (status !== 201) break;
    }
    expect([made, status]).toEqual([20, 409]);
  });

  it("have settings for the host and admins only", async () => {
    await create(ann.token, "settings-room");
    const path = "/api/v1/rooms/settings-room/settings";
    const before = await edge.call<RoomHostSettings>("GET", path, { token: ann.token });
    expect(before.body).toEqual({
      title: "The settings-room",
      coverUrl: "",
      takeover: "refuse",
      graceMs: 60_000,
      partTargetMs: 333,
      webrtc: false,
    });
    const changed = await edge.call("PATCH", path, { token: ann.token, body: { title: "Changed" } });
    expect(changed.body).toEqual({ ...before.body, title: "Changed" });
    expect((await get("settings-room")).body.title).toBe("Changed");
    expect((await edge.call("PATCH", path, { token: bob.token, body: { title: "Mine" } })).body.code).toBe(
      "not-allowed",
    );
    const admin = await edge.call<Session>("POST", "/api/v1/sessions", { body: { name: "admin", password: PASSWORD } });
    expect((await edge.call("PATCH", path, { token: admin.body.token, body: { graceMs: 0 } })).status).toBe(200);
    for (const body of [
      {},
      { graceMs: -1 },
      { graceMs: 1.5 },
      { coverUrl: "javascript:x" },
      { slug: "new" },
      null,
      [],
    ]) {
      const refused = await edge.call("PATCH", path, { token: ann.token, body });
      expect([body, refused.status]).toEqual([body, 400]);
    }
  });
});

describe("what is on air", () => {
  it("is told by events at once, with renditions but not those that were shed", async () => {
    await create(ann.token, "show");
    expect((await get("show")).body.live).toBeNull();
    await announceProgram(redis, programRecord("show", { shed: ["360p"], ladderNote: "two cores" }));
    const live = await eventually(async () => (await get("show")).body.live ?? false);
    expect(live).toMatchObject({
      at: "live",
      programId: "p-show",
      playlistPath: "/live/show/index.m3u8",
      thumbnailPath: "/live/show/thumbnail.jpg",
      partTargetMs: 333,
      viewers: 0,
      note: "two cores",
    });
    expect(live.renditions.map(({ name }) => name)).toEqual(["720p", "audio"]);
    await announceProgram(redis, programRecord("show", { at: "interrupted", updatedAtMs: Date.now() + 10 }));
    await eventually(async () => (await get("show")).body.live?.at === "interrupted");
    await announceProgram(redis, programRecord("show", { at: "ended", updatedAtMs: Date.now() + 20 }));
    await eventually(async () => (await get("show")).body.live === null);
  });

  it("is cheap to poll: an unchanged answer is 304", async () => {
    const first = await get("kitchen");
    expect(first.headers.get("cache-control")).toBe("max-age=1");
    const headers = { "if-none-match": first.headers.get("etag") ?? "" };
    const again = await edge.call<string>("GET", "/api/v1/rooms/kitchen", { headers });
    expect([again.status, again.body]).toEqual([304, ""]);
    expect((await get("no-such-room")).status).toBe(404);
  });

  it("is read by polling when events are lost, and stays known while Redis is away", async () => {
    await create(ann.token, "quiet");
    const program = programRecord("quiet");
    await redis.client.set("transcode:program:quiet", JSON.stringify(program));
    await redis.client.sadd("transcode:programs", "quiet", "broken");
    await redis.client.set("transcode:program:broken", "not a record");
    await eventually(async () => (await get("quiet")).body.live !== null);
    await redis.down();
    await eventually(async () => {
      const ready = await edge.call<{ ready: boolean; reasons: string[] }>("GET", "/readyz");
      return ready.status === 200 && ready.body.reasons.length === 1;
    });
    expect((await get("quiet")).body.live?.programId).toBe("p-quiet");
    expect((await edge.call("POST", "/api/v1/rooms/quiet/end", { token: ann.token })).body.code).toBe("redis-away");
    await redis.up();
  });

  it("counts the viewers of other edges while they are fresh", async () => {
    await create(ann.token, "watched");
    await announceProgram(redis, programRecord("watched"));
    await redis.client.hset(viewersRedisKey("watched"), {
      other: `7@${Date.now()}`,
      stale: `5@${Date.now() - 60_000}`,
    });
    await eventually(async () => (await get("watched")).body.live?.viewers === 7);
    await eventually(async () => (await get("watched")).body.live?.viewers === 0);
  });
});

describe("the list of rooms", () => {
  it("has those on air first and pages through all exactly once", async () => {
    const names = Array.from({ length: 7 }, (_, n) => `page-${n}`);
    for (const slug of names) await create(bob.token, slug);
    const now = Date.now();
    await announceProgram(redis, programRecord("page-2", { startedAtMs: now - 50_000 }));
    await announceProgram(redis, programRecord("page-5", { startedAtMs: now - 60_000 }));
    await eventually(async () => (await get("page-5")).body.live !== null);
    const seen: Room[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const query: string = cursor === "" ? "limit=3" : `limit=3&cursor=${cursor}`;
      const { body } = await edge.call<RoomList>("GET", `/api/v1/rooms?${query}`);
      expect(body.rooms.length).toBeLessThanOrEqual(3);
      seen.push(...body.rooms);
      cursor = body.nextCursor;
    }
    expect(new Set(seen.map(({ slug }) => slug)).size).toBe(seen.length);
    expect(names.every((name) => seen.some(({ slug }) => slug === name))).toBe(true);
    const onAir = seen.map(({ live }) => live !== null);
    expect(onAir.lastIndexOf(true)).toBeLessThan(onAir.indexOf(false));
    const live = await edge.call<RoomList>("GET", "/api/v1/rooms?live=true");
    const starts = live.body.rooms.map((room) => room.live?.startedAtMs ?? 0);
    expect(starts).toEqual([...starts].sort((a, b) => b - a));
    expect(live.body.rooms.map(({ slug }) => slug)).toEqual(expect.arrayContaining(["page-2", "page-5"]));
  });

  it("refuses cursors and limits that are not its own", async () => {
    for (const query of [
      "cursor=x",
      "cursor=W10",
      "limit=0",
      "limit=101",
      "limit=x",
      "limit=1.5",
      "limit=true",
      "live=perhaps",
    ]) {
      expect([query, (await edge.call("GET", `/api/v1/rooms?${query}`)).status]).toEqual([query, 400]);
    }
  });
});

describe("for the host", () => {
  it("the end of the program is sent to ingest and transcode", async () => {
    const heard: unknown[] = [];
    await redis.subscriber.subscribe(INGEST_COMMANDS_CHANNEL, TRANSCODE_COMMANDS_CHANNEL);
    redis.subscriber.on("message", (_channel, text) => heard.push(JSON.parse(text)));
    await create(ann.token, "ending");
    expect((await edge.call("POST", "/api/v1/rooms/ending/end", { token: bob.token })).status).toBe(403);
    expect((await edge.call("POST", "/api/v1/rooms/ending/end", { token: ann.token })).status).toBe(204);
    const reason = "ended by the host";
    await eventually(() => heard.length >= 2);
    expect(heard).toEqual(
      expect.arrayContaining([
        { kind: "end-room", room: "ending", reason },
        { kind: "end-program", room: "ending", reason },
      ]),
    );
  });

  it("ingest health names the key that publishes", async () => {
    const { streamKey } = await edge.room(ann.token, "healthy");
    const path = "/api/v1/rooms/healthy/ingest-health";
    const empty = await edge.call<RoomIngestHealth>("GET", path, { token: ann.token });
    expect(empty.body).toEqual({ publishing: false, publication: null, health: null });
    const publication = {
      room: "healthy",
      sessionId: "s",
      keyId: streamKey.id,
      protocol: "rtmp",
      startedAtMs: 5,
      sourceUrl: "http://127.0.0.1:8091/secret",
      sourceFormat: "flv",
      videoCodec: "h264",
      audioCodec: "aac",
      fpsHint: 30,
    };
    await redis.client.set(publicationRedisKey("healthy"), JSON.stringify(publication));
    await redis.client.set(healthRedisKey("healthy"), "garbage");
    const full = await edge.call<RoomIngestHealth>("GET", path, { token: ann.token });
    expect(full.body).toEqual({
      publishing: true,
      publication: {
        keyId: streamKey.id,
        keyLabel: "OBS",
        protocol: "rtmp",
        startedAtMs: 5,
        videoCodec: "h264",
        audioCodec: "aac",
      },
      health: null,
    });
    expect((await edge.call("GET", path, { token: bob.token })).body.code).toBe("not-allowed");
  });
});
