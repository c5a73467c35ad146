import { randomUUID } from "node:crypto";
import {
  STAGE_LOG_REDIS_KEY,
  STAGE_NODES_REDIS_KEY,
  stageNodeRedisKey,
  stagePlaceRedisKey,
} from "@lianmai/ingest/stage";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Session } from "../protocol/api.ts";
import type { AuditList } from "../protocol/moderation.ts";
import type { Entry } from "../protocol/room/entry.ts";
import { startTestEdge, type TestEdge } from "../testing/edge.ts";
import { eventually, startTestRedis, type TestRedis } from "../testing/redis.ts";
import { startStageProcess, visitStage } from "../testing/stage.ts";

const UNLIMITED = { signUpPerHour: 10_000, writesPerMinute: 100_000 };
let redis: TestRedis;
let edge: TestEdge;
let stage: { stop(): Promise<void> };
beforeAll(async () => {
  redis = await startTestRedis();
  [edge, stage] = await Promise.all([startTestEdge(redis, { rateLimits: UNLIMITED }), startStageProcess(redis)]);
}, 60_000);
afterAll(async () => {
  await stage?.stop();
  await edge?.stop();
  await redis?.stop();
});

/** A room with host, moderator and guest, and what its log tells from now on. */
async function makeRoom(slug: string) {
  const [host, mo, mei] = await Promise.all(["Host", "Mo", "Mei"].map((name) => edge.signUp(`${name} ${slug}`)));
  if (!host || !mo || !mei) throw new Error("nobody signed up");
  await edge.call("POST", "/api/v1/rooms", { token: host.token, body: { slug, title: slug } });
  const room = await edge.edge.rooms.bySlug(slug);
  const act = (who: Session, body: Record<string, unknown>) =>
    edge.call("POST", `/api/v1/rooms/${slug}/moderation/acts`, { token: who.token, body });
  await act(host, { act: "role", user: mo.user.id, role: "moderator", durationMs: 0 });
  const entries: Entry[] = [];
  edge.edge.room.log.follow(room?.id ?? "", (entry) => entries.push(entry));
  const told = () =>
    entries.flatMap(({ kind, from, body }) => (kind === "stage" ? [[body.what, from.name, body.name, body.on]] : []));
  return { host, mo, mei, act, told };
}

it("tells the room log of hands, seats and mutes, once and in order, and the audit of acts on others", async () => {
  const { host, mo, mei, told } = await makeRoom("tea");
  const [director, moderator, guest] = [
    await visitStage(edge, host, "tea"),
    await visitStage(edge, mo, "tea"),
    await visitStage(edge, mei, "tea"),
  ];
  const participantId = mei.user.id;
  expect(await guest.command({ kind: "mute", participantId, muted: true })).toBe("not-director");
  expect(await guest.command({ kind: "raise-hand" })).toBe("done");
  expect(await director.command({ kind: "to-seat", participantId })).toBe("done");
  expect(await moderator.command({ kind: "mute", participantId, muted: true })).toBe("done");
  expect(await moderator.command({ kind: "mute", participantId: host.user.id, muted: true })).toBe("outranked");
  expect(await moderator.command({ kind: "hide", participantId, hidden: true })).toBe("done");
  expect(await moderator.command({ kind: "to-backstage", participantId })).toBe("done");
  await edge.call("PUT", "/api/v1/rooms/tea/layout", { token: host.token, body: { kind: "grid" } });
  expect(await moderator.command({ kind: "remove", participantId, ban: true })).toBe("done");
  expect(await guest.command({ kind: "raise-hand" })).toBe("removed");
  expect(await moderator.command({ kind: "allow", userId: participantId })).toBe("done");
  expect(await guest.command({ kind: "raise-hand" })).toBe("done");
  await eventually(() => told().length >= 10);
  const byOrder = told().filter(([what]) => what !== "layout");
  expect(byOrder).toEqual([
    ["joined", "Host tea", "Host tea", undefined],
    ["raise-hand", "Mei tea", "Mei tea", undefined],
    ["to-seat", "Host tea", "Mei tea", undefined],
    ["mute", "Mo tea", "Mei tea", true],
    ["hide", "Mo tea", "Mei tea", true],
    ["to-backstage", "Mo tea", "Mei tea", undefined],
    ["remove", "Mo tea", "Mei tea", true],
    ["allow", "Mo tea", "Mei tea", undefined],
    ["raise-hand", "Mei tea", "Mei tea", undefined],
  ]);
  expect(told().filter(([what]) => what === "layout")).toEqual([["layout", "Host tea", undefined, undefined]]);
  await eventually(async () => (await redis.client.xlen(STAGE_LOG_REDIS_KEY)) === 0);

  const audit = await edge.call<AuditList>("GET", "/api/v1/rooms/tea/moderation/audit", { token: host.token });
  const acts = audit.body.entries.map(({ act, actor, subject }) => `${actor.name} ${act} ${subject.name}`).reverse();
  expect(acts.slice(1)).toEqual([
    "Mo tea stage-mute Mei tea",
    "Mo tea stage-mute Host tea",
    "Mo tea stage-hide Mei tea",
    "Mo tea stage-to-backstage Mei tea",
    "Mo tea stage-remove Mei tea",
    "Mo tea stage-allow Mei tea",
  ]);
  for (const visitor of [director, moderator, guest]) visitor.leave();
}, 60_000);

it("takes who is banned from the room off its stage, and lets them back only when unbanned", async () => {
  const { host, mo, mei, act, told } = await makeRoom("soup");
  const [director, guest] = [await visitStage(edge, host, "soup"), await visitStage(edge, mei, "soup")];
  await guest.command({ kind: "raise-hand" });
  await director.command({ kind: "to-seat", participantId: mei.user.id });
  await act(mo, { act: "ban", user: mei.user.id, durationMs: 0 });
  await eventually(() =>
    told().some(([what, by, whom]) => what === "remove" && by === "Mo soup" && whom === "Mei soup"),
  );
  expect(await guest.command({ kind: "raise-hand" })).toBe("403");
  await act(mo, { act: "unban", user: mei.user.id });
  expect(await guest.command({ kind: "raise-hand" })).toBe("done");
  for (const visitor of [director, guest]) visitor.leave();
}, 60_000);

it("keeps what happened while no edge was there, for the next one", async () => {
  const { host, told } = await makeRoom("rice");
  const actor = { userId: host.user.id, name: "Host rice", role: "host" };
  const record = { room: "rice", version: 1, what: "capacity", actor, participant: null, seat: 4 };
  await redis.client.xadd(STAGE_LOG_REDIS_KEY, "*", "record", "not JSON");
  await redis.client.xadd(STAGE_LOG_REDIS_KEY, "*", "record", JSON.stringify({ ...record, room: "gone" }));
  await redis.client.xadd(STAGE_LOG_REDIS_KEY, "*", "record", JSON.stringify(record));
  await eventually(() => told().length > 0);
  expect(told()).toEqual([["capacity", "Host rice", undefined, undefined]]);
  await eventually(async () => (await redis.client.xlen(STAGE_LOG_REDIS_KEY)) === 0);
}, 30_000);

it("takes a process that has not yet written its record for one that is away: nobody is signed out by it", async () => {
  const { mei } = await makeRoom("bread");
  const [nodeId = ""] = await redis.client.smembers(STAGE_NODES_REDIS_KEY);
  const node: unknown = JSON.parse((await redis.client.get(stageNodeRedisKey(nodeId))) ?? "");
  const before = { ...(node as object), nodeId: "before", token: "of the process before" };
  await redis.client.set(stageNodeRedisKey("before"), JSON.stringify(before));
  await redis.client.sadd(STAGE_NODES_REDIS_KEY, "before");
  await redis.client.set(stagePlaceRedisKey("bread"), "before");
  const at = "/api/v1/rooms/bread/stage";
  const answers = [
    await edge.call<{ readonly code: string }>("GET", `${at}/events`, { token: mei.token }),
    await edge.call<{ readonly code: string }>("POST", `${at}/requests/${randomUUID()}`, {
      token: mei.token,
      body: { kind: "ping" },
    }),
  ];
  expect(answers.map(({ status, body }) => [status, body.code])).toEqual([
    [503, "stage-away"],
    [503, "stage-away"],
  ]);
}, 30_000);
