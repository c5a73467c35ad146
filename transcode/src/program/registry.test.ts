import {
  INGEST_EVENTS_CHANNEL,
  PUBLICATIONS_REDIS_KEY,
  type Publication,
  publicationRedisKey,
} from "@lianmai/ingest/contract";
import { STAGE_EVENTS_CHANNEL, type Stage, stageRedisKey } from "@lianmai/ingest/stage";
import { connectRedis, type Redis } from "@lianmai/process";
import { eventually, silentLogger, startTestRedis, type TestRedis } from "@lianmai/process/testing/redis-server";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  layoutChoiceRedisKey,
  PROGRAMS_REDIS_KEY,
  type ProgramRecord,
  programRedisKey,
  type RoomSettings,
  roomSettingsRedisKey,
  TRANSCODE_COMMANDS_CHANNEL,
  TRANSCODE_EVENTS_CHANNEL,
} from "../contract.ts";
import type { EndReason } from "./program-state.ts";
import { ProgramRegistry, type RegistryOptions } from "./registry.ts";
import type { ProgramSession } from "./session.ts";

type CreateOptions = Parameters<RegistryOptions["createSession"]>[0];

/** A session that only notes what the registry asks of it; the real one is in session.test.ts. */
class NotedSession {
  readonly options: CreateOptions;
  readonly ended: Promise<EndReason>;
  readonly seen: string[] = [];
  readonly missed: string[] = [];
  closedBy: EndReason | null = null;
  kept: RoomSettings;
  sourceId: string | null = null;
  record: ProgramRecord | null = null;
  /** What the director of the session was told. */
  readonly staged: (string | number)[] = [];
  readonly director = {
    stage: ({ version }: { readonly version: number }) => void this.staged.push(version),
    layout: ({ kind }: { readonly kind: string }) => void this.staged.push(kind),
  };
  readonly #resolve: (reason: EndReason) => void;

  constructor(options: CreateOptions) {
    this.options = options;
    this.kept = options.settings;
    const { promise, resolve } = Promise.withResolvers<EndReason>();
    this.ended = promise;
    this.#resolve = resolve;
  }
  published({ sessionId }: Publication): void {
    this.sourceId = sessionId;
    if (!this.seen.includes(sessionId)) this.seen.push(sessionId);
  }
  unpublished(sessionId: string): void {
    this.sourceId = null;
    this.missed.push(sessionId);
  }
  settings(settings: RoomSettings): void {
    this.kept = settings;
  }
  async close(reason: EndReason): Promise<void> {
    this.closedBy ??= reason;
    this.#resolve(reason);
  }
}

let redis: TestRedis;
const registries: ProgramRegistry[] = [];
const connections: Redis[] = [];
beforeEach(async () => {
  redis = await startTestRedis();
});
afterEach(async () => {
  await Promise.all(registries.splice(0).map((registry) => registry.stop()));
  for (const connection of connections.splice(0)) connection.disconnect();
  await redis.stop();
});

async function start(instance = "one"): Promise<NotedSession[]> {
  const made: NotedSession[] = [];
  const subscriber = connectRedis(redis.url, { logger: silentLogger, role: "subscriber" });
  connections.push(subscriber);
  const registry = new ProgramRegistry({
    ...{ redis: redis.client, subscriber, instance, logger: silentLogger },
    createSession: (options) => {
      const session = new NotedSession(options);
      made.push(session);
      return session as unknown as ProgramSession;
    },
  });
  registries.push(registry);
  await registry.start();
  return made;
}

const publicationOf = (room: string, sessionId: string): Publication => ({
  ...{ room, sessionId, keyId: "k", protocol: "rtmp", startedAtMs: Date.now(), fpsHint: 30 },
  ...{ sourceUrl: "http://127.0.0.1:9/s", sourceFormat: "flv", videoCodec: "h264", audioCodec: "aac" },
});
async function publish(room: string, sessionId: string, options: { readonly announced: boolean }): Promise<void> {
  const publication = publicationOf(room, sessionId);
  await redis.client.set(publicationRedisKey(room), JSON.stringify(publication), "PX", 60_000);
  await redis.client.sadd(PUBLICATIONS_REDIS_KEY, room);
  if (options.announced) {
    await redis.client.publish(INGEST_EVENTS_CHANNEL, JSON.stringify({ kind: "published", publication }));
  }
}

const record = (room: string, change: Partial<ProgramRecord> = {}): ProgramRecord => ({
  ...{ room, programId: "p1", epoch: 4, at: "live", originUrl: "http://127.0.0.1:9", encoder: "libx264" },
  ...{ sinceMs: Date.now(), startedAtMs: Date.now() - 60_000, updatedAtMs: Date.now(), ladderNote: "" },
  ...{ format: { width: 320, height: 180, fps: 30 }, partFrames: 10, segmentFrames: 60, rungs: [], shed: [] },
  ...change,
});
async function keep(value: ProgramRecord): Promise<void> {
  await redis.client.set(programRedisKey(value.room), JSON.stringify(value));
  await redis.client.sadd(PROGRAMS_REDIS_KEY, value.room);
}

test.each([true, false])("a publication begins a program once, announced: %s", async (announced) => {
  const made = await start();
  await publish("show", "s1", { announced });
  await publish("show", "s1", { announced });
  await eventually(() => made[0]?.seen.includes("s1"));
  await publish("show", "s2", { announced });
  await eventually(() => made[0]?.seen.includes("s2"));
  expect(made).toHaveLength(1);
  expect(made[0]?.options).toMatchObject({ room: "show", epoch: 1, resume: null });
});

test("an event that says who is gone reaches the program; so does a publication that ran out unseen", async () => {
  const made = await start();
  await publish("told", "s1", { announced: true });
  await publish("lost", "s2", { announced: true });
  const [told, lost] = await eventually(() => made.length === 2 && made.every(({ sourceId }) => sourceId) && made);
  await redis.client.publish(
    INGEST_EVENTS_CHANNEL,
    JSON.stringify({ kind: "unpublished", room: "told", sessionId: "s1", reason: "closed" }),
  );
  await redis.client.del(publicationRedisKey("lost"));
  await eventually(() => told?.missed.includes("s1") && lost?.missed.includes("s2"));
});

test("a room whose publisher gave no picture rests before the next one is taken", async () => {
  const made = await start();
  await publish("flapping", "s1", { announced: true });
  const session = await eventually(() => made[0]);
  await session.close("no-picture");
  const endedMs = Date.now();
  await publish("flapping", "s2", { announced: true });
  await publish("calm", "s3", { announced: true });
  await eventually(() => made.some(({ options }) => options.room === "calm"));
  await eventually(() => made.some(({ seen }) => seen.includes("s2")));
  expect(Date.now() - endedMs).toBeGreaterThanOrEqual(500);
});

test("a program left by a former process is taken up with a higher epoch, publisher or not", async () => {
  await keep(record("left"));
  await redis.client.set("transcode:epoch:left", "4");
  const made = await start();
  expect(made[0]?.options).toMatchObject({ room: "left", epoch: 5, resume: { programId: "p1" } });
});

test("a program whose grace is long over is not taken up but declared ended", async () => {
  await keep(record("old", { updatedAtMs: Date.now() - 3_600_000 }));
  expect(await start()).toEqual([]);
  expect(JSON.parse((await redis.client.get(programRedisKey("old"))) ?? "{}").at).toBe("ended");
  expect(await redis.client.sismember(PROGRAMS_REDIS_KEY, "old")).toBe(0);
});

test("a room that another instance holds is left alone, and taken when its lease is over", async () => {
  await redis.client.set("transcode:lease:busy", "other", "PX", 2_500);
  const made = await start();
  await publish("busy", "s1", { announced: true });
  expect(made).toEqual([]);
  await eventually(() => made[0]?.seen.includes("s1"));
});

test("a lease that another instance has taken ends the program here, and is not given up", async () => {
  const made = await start();
  await publish("stolen", "s1", { announced: true });
  const session = await eventually(() => made[0]);
  await redis.client.set("transcode:lease:stolen", "other");
  await eventually(() => session.closedBy === "lease-lost");
  expect(await redis.client.get("transcode:lease:stolen")).toBe("other");
});

test("what a program says is kept and announced, and its end takes it off the list", async () => {
  const heard: string[] = [];
  redis.subscriber.on("message", (_channel: string, text: string) => heard.push(JSON.parse(text).program.at));
  await redis.subscriber.subscribe(TRANSCODE_EVENTS_CHANNEL);
  const made = await start();
  await publish("said", "s1", { announced: true });
  const session = await eventually(() => made[0]);
  session.options.onRecord(record("said"));
  await eventually(async () => (await redis.client.sismember(PROGRAMS_REDIS_KEY, "said")) === 1);
  session.options.onRecord(record("said", { at: "ended" }));
  await eventually(async () => (await redis.client.sismember(PROGRAMS_REDIS_KEY, "said")) === 0);
  await eventually(() => heard.length === 2);
  expect(heard).toEqual(["live", "ended"]);
});

test("commands end a program and bring it new settings; nonsense does nothing", async () => {
  const made = await start();
  await publish("ordered", "s1", { announced: true });
  const session = await eventually(() => made[0]);
  const command = (value: unknown) => redis.client.publish(TRANSCODE_COMMANDS_CHANNEL, JSON.stringify(value));
  for (const nonsense of [null, 7, { kind: "end-program" }, { kind: "fly", room: "ordered" }]) await command(nonsense);
  await redis.client.set(roomSettingsRedisKey("ordered"), JSON.stringify({ graceMs: 7_000, partTargetMs: 200 }));
  await command({ kind: "settings-changed", room: "ordered" });
  await eventually(() => session.kept.graceMs === 7_000);
  expect(session.closedBy).toBeNull();
  await command({ kind: "end-program", room: "ordered", reason: "host" });
  await eventually(() => session.closedBy === "ended-by-command");
  await eventually(async () => (await redis.client.get("transcode:lease:ordered")) === null);
});

test("the room's stage and the wanted layout reach its director: those there at the start, and each change", async () => {
  const stage = (version: number): Stage => ({
    ...{ room: "show", version, updatedAtMs: 0, capacity: 8, locked: [], participants: [], removed: [] },
  });
  await redis.client.set(stageRedisKey("show"), JSON.stringify(stage(4)));
  await redis.client.set(layoutChoiceRedisKey("show"), JSON.stringify({ kind: "grid" }));
  const made = await start();
  await publish("show", "s1", { announced: true });
  await eventually(() => made[0]?.staged.includes(4) && made[0].staged.includes("grid"));
  const event = { kind: "stage", stage: stage(5), change: { what: "mute", actorId: "h", participantId: "g" } };
  await redis.client.publish(STAGE_EVENTS_CHANNEL, JSON.stringify(event));
  await eventually(() => made[0]?.staged.includes(5));
  await redis.client.set(layoutChoiceRedisKey("show"), JSON.stringify({ kind: "solo" }));
  await redis.client.publish(TRANSCODE_COMMANDS_CHANNEL, JSON.stringify({ kind: "layout-changed", room: "show" }));
  await eventually(() => made[0]?.staged.includes("solo"));
});

test("without Redis running programs go on, and a new publication is found when it is back", async () => {
  const made = await start();
  await publish("before", "s1", { announced: true });
  const session = await eventually(() => made[0]);
  await redis.down();
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(session.closedBy).toBeNull();
  await redis.up();
  await publish("after", "s2", { announced: false });
  await eventually(() => made.some(({ options }) => options.room === "after"));
  expect(session.closedBy).toBeNull();
});
