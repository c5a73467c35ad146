import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DEFAULT_MODES } from "../../protocol/room/default-modes.ts";
import type { Entry } from "../../protocol/room/entry.ts";
import { FOREVER_MS } from "../../protocol/room/limits.ts";
import { eventually, startTestRedis, type TestRedis } from "../../testing/redis.ts";
import { startTestRoom, type TestRoom, text, viewer } from "../../testing/room.ts";
import { RoomAway } from "../room-log.ts";
import { roomKeys } from "./keys.ts";

let redis: TestRedis;
let room: TestRoom;
beforeAll(async () => {
  redis = await startTestRedis();
  room = await startTestRoom(redis);
});
afterAll(async () => {
  await room.stop();
  await redis.stop();
});

let rooms = 0;
const freshRoom = () => {
  rooms += 1;
  return `room-${rooms}`;
};
const moderator = viewer("mod", { role: "moderator" });
const act = (body: Parameters<TestRoom["log"]["act"]>[2]["body"], kind: "act" | "mode" | "pin" = "act") =>
  ({ cid: text("x").cid, kind, body }) as Parameters<TestRoom["log"]["act"]>[2];

describe("room log", () => {
  it("gives entries their places in order, each id once", async () => {
    const id = freshRoom();
    const first = text("one");
    expect(await room.log.publish(id, viewer("a"), first)).toMatchObject({ ok: true, gen: 1, seq: 1, repeated: false });
    expect(await room.log.publish(id, viewer("b"), text("two"))).toMatchObject({ ok: true, gen: 1, seq: 2 });
    expect(await room.log.publish(id, viewer("a"), first)).toMatchObject({ ok: true, gen: 1, seq: 1, repeated: true });
    expect(await room.log.publish(id, viewer("b"), first)).toMatchObject({ ok: false, code: "dup-other" });
  });

  it("tells followers every entry once, in order, and brings it to disk", async () => {
    const id = freshRoom();
    const seen: Entry[] = [];
    await room.feeds.get(id);
    room.log.follow(id, (entry) => seen.push(entry));
    for (let n = 0; n < 50; n += 1) await room.log.publish(id, viewer("a"), text(`n${n}`));
    await eventually(() => seen.length === 50);
    expect(seen.map(({ seq }) => seq)).toEqual(Array.from({ length: 50 }, (_, n) => n + 1));
    await room.log.whenDurable(id, { gen: 1, seq: 50 }, AbortSignal.timeout(20_000));
    expect((await room.archive.range(id, { gen: 1, from: 1, to: 99, limit: 99 })).length).toBe(50);
  });

  it("refuses the muted, the banned and the revoked in the sequencer, whatever a token says", async () => {
    const id = freshRoom();
    await room.log.act(id, moderator, act({ act: "mute", user: "a", untilMs: FOREVER_MS }));
    expect(await room.log.publish(id, viewer("a"), text("x"))).toEqual({
      ok: false,
      code: "muted",
      untilMs: FOREVER_MS,
    });
    await room.log.act(id, moderator, act({ act: "unmute", user: "a" }));
    expect(await room.log.publish(id, viewer("a"), text("x"))).toMatchObject({ ok: true });
    await room.log.act(id, moderator, act({ act: "ban", user: "a", untilMs: Date.now() + 60_000 }));
    expect(await room.log.publish(id, viewer("a"), text("x"))).toMatchObject({ ok: false, code: "banned" });
    expect(await room.log.standing(id, "a")).toMatchObject({ bannedUntilMs: expect.any(Number) });
  });

  it("enforces modes and lets moderators through; a refusal starts no wait", async () => {
    const id = freshRoom();
    const modes = { ...DEFAULT_MODES, slowMs: 60_000, uniqueMs: 60_000 };
    await room.log.act(id, moderator, act({ modes, changed: ["slowMs", "uniqueMs"] }, "mode"));
    expect(await room.log.publish(id, viewer("a"), text("Same!"))).toMatchObject({ ok: true });
    expect(await room.log.publish(id, viewer("b"), text("ｓａｍｅ"))).toEqual({ ok: false, code: "unique" });
    expect(await room.log.publish(id, viewer("b"), text("other"))).toMatchObject({ ok: true });
    const slow = await room.log.publish(id, viewer("b"), text("more"));
    expect(slow).toMatchObject({ ok: false, code: "slow", retryMs: expect.any(Number) });
    expect(await room.log.publish(id, moderator, text("Same!"))).toMatchObject({ ok: true });
    expect(await room.log.publish(id, viewer("g-1", { role: "guest" }), text("hi"))).toMatchObject({
      code: "mode",
      hint: "guests",
    });
    await room.log.act(
      id,
      moderator,
      act({ modes: { ...DEFAULT_MODES, emoteOnly: true }, changed: ["emoteOnly"] }, "mode"),
    );
    expect(await room.log.publish(id, viewer("c"), text("words"))).toMatchObject({ code: "mode", hint: "emoteOnly" });
    expect((await room.log.state(id)).modes.emoteOnly).toBe(true);
  });

  it("asks hooks before anything has a place", async () => {
    const held = await startTestRoom(redis, {
      hooks: [
        ({ draft }) => {
          const said = (draft.body as { text: string }).text;
          if (said === "hold") return { verdict: "hold", holdId: "h1" };
          if (said === "bad") return { verdict: "refuse", code: "blocked", hint: "rule-7" };
          if (said === "break") throw new Error("filter");
          return { verdict: "replace", body: { text: said.replace("damn", "****") } };
        },
      ],
    });
    const id = freshRoom();
    expect(await held.log.publish(id, viewer("a"), text("hold"))).toEqual({ ok: false, code: "held", hint: "h1" });
    expect(await held.log.publish(id, viewer("a"), text("bad"))).toEqual({
      ok: false,
      code: "blocked",
      hint: "rule-7",
    });
    expect(await held.log.publish(id, viewer("a"), text("break"))).toMatchObject({ ok: false, code: "busy" });
    const masked = text("damn it");
    expect(await held.log.publish(id, viewer("a"), masked)).toMatchObject({ seq: 1 });
    await held.log.whenDurable(id, { gen: 1, seq: 1 }, AbortSignal.timeout(20_000));
    expect((await held.log.find(id, masked.cid))?.body).toEqual({ text: "**** it" });
    expect(await held.log.release(id, viewer("a"), text("hold"))).toMatchObject({ ok: true, seq: 2 });
    await held.stop();
  });

  it("keeps nothing of a withdrawn entry in what it tells", async () => {
    const id = freshRoom();
    const feed = await room.feeds.get(id);
    const [kept, deleted, purged] = [text("kept"), text("deleted"), text("purged")];
    await room.log.publish(id, viewer("a"), kept);
    await room.log.publish(id, viewer("a"), deleted);
    await room.log.publish(id, viewer("b"), purged);
    await room.log.act(id, moderator, act({ act: "delete", cid: deleted.cid }));
    await room.log.act(id, moderator, act({ act: "purge", user: "b" }));
    await room.log.whenDurable(id, { gen: 1, seq: 5 }, AbortSignal.timeout(20_000));
    await eventually(() => feed.top.seq === 5);
    const told = (await feed.after({ gen: 1, seq: 0 }, 100)).entries.map(({ wire }) => JSON.parse(wire).kind);
    expect(told).toEqual(["text", "gone", "gone", "act", "act"]);
    const archived = await room.archive.after(id, { gen: 0, seq: 0 }, { limit: 10 });
    expect(archived.map(({ goneBy }) => goneBy !== undefined)).toEqual([false, true, true, false, false]);
  });

  it("begins a generation when Redis has lost everything: state is back, ids are known, order goes on", async () => {
    const id = freshRoom();
    const durable = text("durable");
    await room.log.publish(id, viewer("a"), durable);
    await room.log.act(id, moderator, act({ act: "mute", user: "m", untilMs: FOREVER_MS }));
    await room.log.whenDurable(id, { gen: 1, seq: 2 }, AbortSignal.timeout(20_000));
    await redis.down();
    await expect(room.log.publish(id, viewer("a"), text("away"))).rejects.toBeInstanceOf(RoomAway);
    await redis.up();
    const again = await eventually(() => room.log.publish(id, viewer("a"), durable).catch(() => undefined));
    expect(again).toMatchObject({ ok: true, gen: 1, seq: 1, repeated: true });
    expect(await room.log.publish(id, viewer("m"), text("x"))).toMatchObject({ ok: false, code: "muted" });
    expect(await room.log.publish(id, viewer("a"), text("new"))).toMatchObject({ ok: true, gen: 2, seq: 1 });
    const feed = await room.feeds.get(id);
    await eventually(() => feed.top.gen === 2 && feed.top.seq === 1);
    const page = await feed.after({ gen: 1, seq: 0 }, 100);
    expect(page.entries.map(({ gen, seq }) => [gen, seq])).toEqual([
      [1, 1],
      [1, 2],
      [2, 1],
    ]);
    expect(page.cuts).toEqual([{ gen: 1, last: 2 }]);
    expect(page.skips).toEqual([]);
  });

  it("begins no generation twice, though Redis has forgotten that it has begun it", async () => {
    const id = freshRoom();
    const [meta = "", log = ""] = roomKeys(id);
    await room.log.publish(id, viewer("a"), text("durable"));
    await room.log.whenDurable(id, { gen: 1, seq: 1 }, AbortSignal.timeout(20_000));
    const before = await redis.client.hgetall(meta);
    await redis.client.hset(meta, "boot", "another process");
    expect(await room.log.publish(id, viewer("a"), text("told, then lost"))).toMatchObject({ gen: 2, seq: 1 });
    // power takes the beginning of the second generation back
    await redis.client.multi().del(meta, log).hset(meta, before).hset(meta, "boot", "yet another").exec();
    expect(await room.log.publish(id, viewer("b"), text("in its place"))).toMatchObject({ gen: 3, seq: 1 });
    const feed = await room.feeds.get(id);
    await eventually(() => feed.top.gen === 3);
    expect((await feed.after({ gen: 1, seq: 1 }, 100)).cuts.map(({ gen }) => gen)).toEqual([1, 2]);
  });

  it("gives all who recover from one loss the same generation, and each loss its own", async () => {
    const id = freshRoom();
    const { archive } = room;
    expect(await archive.close(id, 0, 0, "first")).toEqual({ gen: 0, last: 0 });
    expect(await archive.close(id, 0, 0, "first")).toEqual({ gen: 0, last: 0 });
    expect(await archive.close(id, 0, 0, "second")).toEqual({ gen: 1, last: 0 });
    const entry = { gen: 2, seq: 1, atMs: 1, json: JSON.stringify({ ...text("a"), from: { id: "a" } }) };
    expect(await archive.write([{ roomId: id, entries: [entry] }])).toEqual([{ gen: 2, seq: 1 }]);
    expect(await archive.close(id, 1, 0, "third")).toEqual({ gen: 2, last: 1 });
    expect(await archive.close(id, 3, 7, "fourth")).toEqual({ gen: 3, last: 7 });
    expect(await archive.close(id, 1, 0, "third")).toEqual({ gen: 2, last: 1 });
  });
});
