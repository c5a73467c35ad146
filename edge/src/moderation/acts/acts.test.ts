import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Session } from "../../protocol/api.ts";
import type { ActDone, AuditList, ModerationState } from "../../protocol/moderation.ts";
import { speakerOf, startTestModeration, type TestHall, type TestModeration } from "../../testing/moderation.ts";
import { eventually } from "../../testing/redis.ts";
import { text } from "../../testing/room.ts";

let stage: TestModeration;
let hall: TestHall;
beforeAll(async () => {
  stage = await startTestModeration();
});
afterAll(() => stage.stop());
beforeEach(async () => {
  hall = await stage.hall();
});

describe("acts", () => {
  it("mute until they are undone, and are in the audit with who, when, why and on whom", async () => {
    expect(await hall.say(hall.ann, "hello")).toMatchObject({ ok: true });
    const muted = await hall.act(hall.mo, {
      act: "mute",
      user: hall.ann.user.id,
      name: "Ann",
      durationMs: 60_000,
      reason: "spam",
      note: "again",
    });
    expect(muted.status).toBe(200);
    expect(await hall.say(hall.ann, "hello?")).toMatchObject({ ok: false, code: "muted", untilMs: muted.body.untilMs });
    const [entry] = await hall.audit(hall.mo);
    expect(entry).toMatchObject({
      id: muted.body.auditId,
      actor: { id: hall.mo.user.id, role: "moderator" },
      act: "mute",
      roomId: hall.roomId,
      subject: { id: hall.ann.user.id, name: "Ann" },
      reason: "spam",
      note: "again",
      detail: { untilMs: muted.body.untilMs, entry: muted.body.cid },
    });
    expect(
      (await hall.call<ActDone>(hall.mo, "POST", "/moderation/undo", { auditId: muted.body.auditId })).status,
    ).toBe(200);
    expect(await hall.say(hall.ann, "thanks")).toMatchObject({ ok: true });
    expect((await hall.audit(hall.mo))[0]).toMatchObject({ act: "unmute", note: `undo ${muted.body.auditId}` });
  });

  it("ban, withdraw, purge, warn and kick", async () => {
    const said = text("look at me");
    await stage.talk.log.publish(hall.roomId, speakerOf(hall.ann), said);
    await eventually(async () => (await stage.talk.log.find(hall.roomId, said.cid)) !== undefined);
    for (const body of [
      { act: "delete", target: said.cid },
      { act: "restore", target: said.cid },
      { act: "purge", user: hall.ann.user.id },
      { act: "warn", user: hall.ann.user.id, reason: "abuse" },
      { act: "ban", user: hall.ann.user.id, durationMs: 0 },
      { act: "unban", user: hall.ann.user.id },
      { act: "kick", user: hall.ann.user.id, durationMs: 60_000 },
    ]) {
      expect([body.act, (await hall.act(hall.mo, body)).status]).toEqual([body.act, 200]);
    }
    expect(await hall.say(hall.ann, "still here")).toMatchObject({ ok: false, code: "banned" });
    const { body } = await hall.call<ModerationState>(hall.mo, "GET", "/moderation");
    expect(body.standings.find(({ user }) => user === hall.ann.user.id)).toMatchObject({
      bannedUntilMs: expect.any(Number),
    });
  });

  it("repeated with the same id are one act", async () => {
    const cid = randomUUID();
    const [first, second] = [
      await hall.act(hall.mo, { act: "mute", user: hall.ann.user.id, durationMs: 0, cid }),
      await hall.act(hall.mo, { act: "mute", user: hall.ann.user.id, durationMs: 0, cid }),
    ];
    expect([second.body.gen, second.body.seq]).toEqual([first.body.gen, first.body.seq]);
  });

  it("reach only those below, and only for those who may", async () => {
    const other = await stage.edge.signUp("Other");
    const refused = async (who: Session, body: Record<string, unknown>) => {
      const { status, body: problem } = await hall.act(who, body);
      return [status, problem.code];
    };
    const mute = { act: "mute", durationMs: 1_000 };
    expect(await refused(hall.ann, { ...mute, user: other.user.id })).toEqual([403, "not-allowed"]);
    expect(await refused(hall.mo, { ...mute, user: hall.host.user.id })).toEqual([403, "outranked"]);
    expect(await refused(hall.mo, { ...mute, user: stage.admin.user.id })).toEqual([403, "outranked"]);
    expect(await refused(hall.mo, { ...mute, user: hall.mo.user.id })).toEqual([403, "outranked"]);
    expect(await refused(hall.mo, { act: "role", user: hall.ann.user.id, role: "moderator", durationMs: 0 })).toEqual([
      403,
      "not-allowed",
    ]);
    expect(await refused(hall.mo, { act: "delete", target: "no-such-message" })).toEqual([404, "message-not-found"]);
    expect(await refused(hall.mo, { act: "explode", user: hall.ann.user.id })).toEqual([400, "invalid-request"]);
    expect((await hall.call(undefined, "GET", "/moderation")).status).toBe(401);
    expect((await hall.call(hall.ann, "GET", "/moderation")).status).toBe(403);
    expect(
      (await hall.act(hall.host, { act: "role", user: hall.mo.user.id, role: "viewer", durationMs: 0 })).status,
    ).toBe(200);
    expect(await refused(hall.mo, { ...mute, user: hall.ann.user.id })).toEqual([403, "not-allowed"]);
  });

  it("of a moderator for a time end with it", async () => {
    await hall.act(hall.host, { act: "role", user: hall.ann.user.id, role: "moderator", durationMs: 400 });
    expect((await hall.call(hall.ann, "GET", "/moderation")).status).toBe(200);
    await eventually(async () => (await hall.call(hall.ann, "GET", "/moderation")).status === 403);
  });

  it("that cannot be taken back say so", async () => {
    const warned = await hall.act(hall.mo, { act: "warn", user: hall.ann.user.id });
    const { status, body } = await hall.call<{ code: string }>(hall.mo, "POST", "/moderation/undo", {
      auditId: warned.body.auditId,
    });
    expect([status, body.code]).toEqual([409, "not-undoable"]);
    expect(
      (await hall.call<{ code: string }>(hall.mo, "POST", "/moderation/undo", { auditId: 999_999 })).body.code,
    ).toBe("audit-entry-not-found");
  });
});

describe("the audit", () => {
  it("is whole after all of this, and holds what failed", async () => {
    await stage.redis.down();
    const refused = await hall.act(hall.mo, { act: "mute", user: hall.ann.user.id, durationMs: 0 });
    await stage.redis.up();
    expect([refused.status, refused.body.code]).toEqual([503, "redis-away"]);
    const [failed, muted] = await hall.audit();
    expect([failed?.act, failed?.detail, muted?.act]).toEqual(["failed", { of: muted?.id, why: "redis-away" }, "mute"]);
    expect(stage.moderation.audit.verify().breach).toBeUndefined();
    const whole = await stage.edge.call<AuditList>("GET", "/api/v1/moderation/audit", { token: stage.admin.token });
    expect(whole.body.entries.length).toBeGreaterThan(10);
    expect((await stage.edge.call("GET", "/api/v1/moderation/audit", { token: hall.host.token })).status).toBe(403);
  });
});
