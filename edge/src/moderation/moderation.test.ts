import { randomUUID } from "node:crypto";
import { systemClock } from "@lianmai/process";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Session } from "../protocol/api.ts";
import type {
  ActDone,
  BenchAnswer,
  Follow,
  HoldList,
  ModeratedRooms,
  ModerationState,
  ReportList,
  UserCard,
  WordList,
} from "../protocol/moderation.ts";
import { speakerOf, startTestModeration, type TestHall, type TestModeration } from "../testing/moderation.ts";
import { eventually } from "../testing/redis.ts";
import { text, viewer } from "../testing/room.ts";

let stage: TestModeration;
let hall: TestHall;
beforeAll(async () => {
  stage = await startTestModeration();
});
afterAll(() => stage.stop());
beforeEach(async () => {
  hall = await stage.hall();
});

describe("the room", () => {
  it("changes modes and goes back", async () => {
    const changed = await hall.call<ActDone>(hall.mo, "PATCH", "/moderation/modes", {
      slowMs: 30_000,
      emoteOnly: true,
      note: "busy",
    });
    expect(changed.status).toBe(200);
    expect(await hall.say(hall.ann, "words")).toMatchObject({ ok: false, code: "mode" });
    expect(await hall.say(hall.host, "words", { role: "host" })).toMatchObject({ ok: true });
    await hall.call(hall.mo, "POST", "/moderation/undo", { auditId: changed.body.auditId });
    const { body } = await hall.call<ModerationState>(hall.mo, "GET", "/moderation");
    expect(body.modes).toMatchObject({ slowMs: 0, emoteOnly: false });
    expect((await hall.audit())[1]).toMatchObject({
      act: "modes",
      note: "busy",
      detail: { changed: ["slowMs", "emoteOnly"] },
    });
    expect((await hall.call(hall.mo, "PATCH", "/moderation/modes", { slowMs: -1 })).status).toBe(400);
  });

  it("pins a notice and takes it away", async () => {
    await hall.call(hall.mo, "PUT", "/moderation/pin", { text: "PK at nine", durationMs: 60_000 });
    expect((await hall.call<ModerationState>(hall.mo, "GET", "/moderation")).body.pinned).toMatchObject({
      text: "PK at nine",
    });
    await hall.call(hall.mo, "DELETE", "/moderation/pin");
    expect((await hall.call<ModerationState>(hall.mo, "GET", "/moderation")).body.pinned).toBeNull();
  });

  it("is on the list of those who moderate it, as long as they do", async () => {
    const listed = async () => {
      const answer = await stage.edge.call<ModeratedRooms>("GET", "/api/v1/users/me/moderated-rooms", {
        token: hall.mo.token,
      });
      return answer.body.rooms.map(({ slug }) => slug);
    };
    expect(await listed()).toEqual([hall.slug]);
    await hall.act(hall.host, { act: "role", user: hall.mo.user.id, role: "viewer", durationMs: 0 });
    expect(await listed()).toEqual([]);
    expect((await stage.edge.call("GET", "/api/v1/users/me/moderated-rooms")).status).toBe(401);
  });

  it("raises its shield by itself only where it was told to", async () => {
    const raid = async () => {
      for (let at = 0; at < 20; at += 1)
        await stage.talk.log.publish(hall.roomId, viewer(`s-${at}`), text(`hi there ${at}`));
    };
    stage.moderation.onRaid(() => undefined);
    expect((await hall.call(hall.mo, "PUT", "/moderation/raid", { answer: "shield" })).status).toBe(403);
    expect(
      (await hall.call<{ answer: string }>(hall.host, "PUT", "/moderation/raid", { answer: "shield" })).body.answer,
    ).toBe("shield");
    const raised: string[] = [];
    stage.moderation.onRaid((id) => raised.push(id));
    await raid();
    expect([raised, stage.moderation.raidOf(hall.roomId).view(systemClock.monotonicMs()).why]).toEqual([
      [hall.roomId],
      "chorus",
    ]);
  });

  it("is stopped by admins only, with a reason", async () => {
    expect((await hall.call(hall.host, "POST", "/moderation/stop", { reason: "violence" })).status).toBe(403);
    expect(
      (await hall.call(stage.admin, "POST", "/moderation/stop", { reason: "violence", note: "seen" })).status,
    ).toBe(204);
    expect((await hall.audit(stage.admin))[0]).toMatchObject({
      act: "stop",
      reason: "violence",
      actor: { role: "admin" },
    });
  });
});

describe("the word filter of a room", () => {
  it("blocks, masks and holds as its list says, and shows why", async () => {
    for (const body of [
      { word: "菠萝", action: "block" },
      { word: "banana", action: "mask" },
      { word: "芒果", action: "hold" },
    ]) {
      expect((await hall.call(hall.mo, "POST", "/moderation/words", body)).status).toBe(201);
    }
    const tried = (await hall.call<BenchAnswer>(hall.mo, "POST", "/moderation/words/try", { text: "吃 bo 萝吗" })).body;
    expect(tried).toMatchObject({
      action: "block",
      hits: [{ word: "菠萝", technique: "mixed-pinyin", text: "bo 萝" }],
    });
    await eventually(async () => (await hall.say(hall.ann, `菠.萝 ${randomUUID()}`)).ok === false);
    expect(await hall.say(hall.ann, "b4nana split")).toMatchObject({ ok: true });
    const emote = (said: string) => ({ cid: `cid-${randomUUID()}`, kind: "emote" as const, body: { emote: said } });
    const sendEmote = (said: string) => stage.talk.log.publish(hall.roomId, speakerOf(hall.ann), emote(said));
    expect(await sendEmote("菠.萝")).toMatchObject({ ok: false, code: "blocked" });
    expect(await sendEmote("👏")).toMatchObject({ ok: true });
    expect(await hall.say(hall.ann, "芒 果")).toMatchObject({ ok: false, code: "held" });
    expect(await hall.say(hall.mo, "菠萝", { role: "moderator" })).toMatchObject({ ok: true });
    const { words } = (await hall.call<WordList>(hall.mo, "GET", "/moderation/words")).body;
    expect(words.map(({ word }) => word)).toEqual(["菠萝", "banana", "芒果"]);
    expect((await hall.call(hall.mo, "DELETE", `/moderation/words/${words[0]!.id}`)).status).toBe(204);
    expect((await hall.call(hall.mo, "PUT", "/moderation/words/allow", { text: "芒果汁" })).status).toBe(204);
    await eventually(async () => (await hall.say(hall.ann, `芒果汁 ${randomUUID()}`)).ok);
    await eventually(async () => (await hall.say(hall.ann, `菠萝 ${randomUUID()}`)).ok);
  });

  it("has a list of the site for admins", async () => {
    const path = "/api/v1/moderation/words";
    expect(
      (await stage.edge.call("POST", path, { token: hall.host.token, body: { word: "qwertz", action: "block" } }))
        .status,
    ).toBe(403);
    const added = await stage.edge.call<{ id: string }>("POST", path, {
      token: stage.admin.token,
      body: { word: "qwertz", action: "block" },
    });
    expect(
      (await hall.call<BenchAnswer>(hall.mo, "POST", "/moderation/words/try", { text: "q.w.e.r.t.z" })).body.action,
    ).toBe("block");
    expect((await stage.edge.call("DELETE", `${path}/${added.body.id}`, { token: stage.admin.token })).status).toBe(
      204,
    );
  });
});

describe("what waits", () => {
  it("is let in or not by one moderator, once", async () => {
    await hall.call(hall.mo, "PATCH", "/moderation/modes", { hold: "all" });
    const drafts = ["first", "second", "third"].map((said) => text(said));
    for (const draft of drafts)
      expect(await stage.talk.log.publish(hall.roomId, speakerOf(hall.ann), draft)).toMatchObject({ code: "held" });
    await stage.talk.log.publish(hall.roomId, speakerOf(hall.ann), drafts[0]!);
    const { holds } = (await hall.call<HoldList>(hall.mo, "GET", "/moderation/holds")).body;
    expect(holds.map((hold) => [hold.text, hold.from.id])).toEqual(
      ["first", "second", "third"].map((said) => [said, hall.ann.user.id]),
    );
    const decide = (id: string, decision: string) =>
      hall.call<{ code: string }>(hall.mo, "POST", `/moderation/holds/${id}`, { decision });
    expect((await decide(holds[0]!.id, "approve")).status).toBe(204);
    expect((await decide(holds[1]!.id, "reject")).status).toBe(204);
    expect((await decide(holds[0]!.id, "reject")).body.code).toBe("already-decided");
    expect((await decide(randomUUID(), "reject")).body.code).toBe("hold-not-found");
    await eventually(async () => (await stage.talk.log.find(hall.roomId, drafts[0]!.cid)) !== undefined);
    expect(await stage.talk.log.find(hall.roomId, drafts[1]!.cid)).toBeUndefined();
    await hall.act(hall.mo, { act: "mute", user: hall.ann.user.id, durationMs: 0 });
    expect((await decide(holds[2]!.id, "approve")).status).toBe(403);
    expect((await hall.audit()).slice(0, 2).map((entry) => entry.act)).toEqual(["failed", "hold-approve"]);
  });

  it("are reports, one for each person and thing, decided together", async () => {
    const said = text("rude words");
    await stage.talk.log.publish(hall.roomId, speakerOf(hall.ann), said);
    await eventually(async () => (await stage.talk.log.find(hall.roomId, said.cid)) !== undefined);
    const report = (who: Session | undefined) =>
      hall.call<{ code: string }>(who, "POST", "/reports", { cid: said.cid, reason: "abuse", text: "see" });
    expect(
      (
        await eventually(async () => {
          const answer = await report(hall.host);
          return answer.status === 201 && answer;
        })
      ).status,
    ).toBe(201);
    expect((await report(hall.mo)).status).toBe(201);
    expect((await report(hall.mo)).body.code).toBe("already-reported");
    expect((await report(undefined)).body.code).toBe("not-signed-in");
    expect(
      (await hall.call<{ code: string }>(hall.mo, "POST", "/reports", { cid: "no-such-one", reason: "abuse" })).body
        .code,
    ).toBe("message-not-found");
    const { reports } = (await hall.call<ReportList>(hall.mo, "GET", "/moderation/reports")).body;
    expect(reports).toMatchObject([{ excerpt: "rude words", subject: { id: hall.ann.user.id } }, { reason: "abuse" }]);
    expect(
      (await hall.call(hall.mo, "POST", `/moderation/reports/${reports[0]!.id}`, { decision: "uphold" })).status,
    ).toBe(204);
    expect((await hall.call<ReportList>(hall.mo, "GET", "/moderation/reports")).body.reports).toEqual([]);
    expect(
      (
        await hall.call<{ code: string }>(hall.mo, "POST", `/moderation/reports/${reports[1]!.id}`, {
          decision: "dismiss",
        })
      ).body.code,
    ).toBe("already-decided");
  });
});

describe("people", () => {
  it("are followed, made members and noted", async () => {
    expect((await hall.call<Follow>(hall.ann, "PUT", "/follow")).body).toMatchObject({ following: true, followers: 1 });
    expect((await hall.call<Follow>(hall.ann, "PUT", "/follow")).body.followers).toBe(1);
    expect((await hall.call<Follow>(undefined, "GET", "/follow")).body).toEqual({
      following: false,
      sinceMs: null,
      followers: 1,
    });
    const user = `/moderation/users/${hall.ann.user.id}`;
    expect((await hall.call(hall.mo, "PUT", `${user}/member`)).status).toBe(403);
    expect((await hall.call(hall.host, "PUT", `${user}/member`)).status).toBe(204);
    expect((await hall.call(hall.mo, "POST", `${user}/notes`, { text: "friendly" })).status).toBe(201);
    const card = (await hall.call<UserCard>(hall.mo, "GET", user)).body;
    expect(card).toMatchObject({ member: true, followsSinceMs: expect.any(Number), notes: [{ text: "friendly" }] });
    expect(card.history.map((entry) => entry.act)).toEqual(["note", "member-add"]);
    expect((await hall.call<Follow>(hall.ann, "DELETE", "/follow")).body.following).toBe(false);
    expect((await hall.call(hall.ann, "GET", user)).status).toBe(403);
  });
});
