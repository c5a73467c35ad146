import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Session } from "../protocol/api.ts";
import { announceProgram, programRecord, startTestEdge, type TestEdge } from "../testing/edge.ts";
import { startTestOrigin, type TestOrigin } from "../testing/origin.ts";
import { eventually, startTestRedis, type TestRedis } from "../testing/redis.ts";
import { createRemovals } from "./removals.ts";
import { createViewerPasses, newDevice } from "./viewer-pass.ts";

describe("a pass", () => {
  const passes = createViewerPasses(randomBytes(32));
  const device = newDevice();
  it("is read back from among other cookies, and from nowhere else", () => {
    const token = passes.sign({ device, userId: "u-1" });
    expect(passes.fromCookies(`a=b; lianmai_viewer=${token}; c=d`)).toEqual({ device, userId: "u-1" });
    for (const header of [
      undefined,
      "",
      "a=b",
      `xlianmai_viewer=${token}`,
      "lianmai_viewer=",
      "lianmai_viewer=a.b.c",
    ]) {
      expect(passes.fromCookies(header)).toBeUndefined();
    }
  });
  it("that was forged or signed elsewhere is none", () => {
    const token = passes.sign({ device, userId: "u-1" });
    expect(passes.read(token.replace("u-1", "u-2"))).toBeUndefined();
    expect(passes.read(createViewerPasses(randomBytes(32)).sign({ device, userId: "u-1" }))).toBeUndefined();
  });
});

describe("removals", () => {
  const pass = (device: string, userId = "") => ({ device, userId });
  it("keep out by account, device, and by address only those without a pass", () => {
    const removals = createRemovals();
    removals.put({ room: "hall", subject: "u1", untilMs: 100, marks: ["u:u1", "d:d1", "a:1.1.1.1"], strict: true });
    const until = (who: Parameters<typeof removals.untilFor>[1], address: string, nowMs = 50, room = "hall") =>
      removals.untilFor(room, who, address, nowMs);
    expect(until(pass("d9", "u1"), "2.2.2.2")).toBe(100);
    expect(until(pass("d1"), "2.2.2.2")).toBe(100);
    expect(until(undefined, "1.1.1.1")).toBe(100);
    expect(until(pass("d9"), "1.1.1.1")).toBeUndefined();
    expect(until(undefined, "2.2.2.2")).toBeUndefined();
    expect(until(pass("d1"), "1.1.1.1", 50, "other")).toBeUndefined();
    expect(until(pass("d1"), "1.1.1.1", 100)).toBeUndefined();
    expect(removals.strictAt("1.1.1.1", 50)).toHaveLength(1);
    removals.sweep(100);
    expect(removals.all()).toEqual([]);
  });
  it("are lifted person by person", () => {
    const removals = createRemovals();
    removals.put({ room: "hall", subject: "u1", untilMs: 100, marks: ["d:d1"], strict: false });
    removals.put({ room: "hall", subject: "u2", untilMs: 90, marks: ["d:d1"], strict: false });
    removals.lift("hall", "u1");
    expect(removals.untilFor("hall", pass("d1"), "", 0)).toBe(90);
  });
});

describe("a kicked viewer", () => {
  let redis: TestRedis;
  let edges: TestEdge[];
  let origin: TestOrigin;
  let host: Session;
  let ann: Session;
  beforeAll(async () => {
    redis = await startTestRedis();
    const first = await startTestEdge(redis);
    edges = [first, await startTestEdge(redis, { dataDir: first.dataDir })];
    origin = await startTestOrigin();
    host = await first.signUp("Host");
    ann = await first.signUp("Ann");
    await first.room(host.token, "hall");
    await announceProgram(redis, programRecord("hall", { originUrl: origin.url, programId: "p1" }));
    await eventually(async () => (await fetch(`${first.url}/live/hall/p1/a.m4s`)).status === 200);
  });
  afterAll(async () => {
    for (const edge of edges.toReversed()) await edge.stop();
    await origin.stop();
    await redis.stop();
  });
  /** What a browser gets as its viewer cookie. */
  const passOf = async (session?: Session, cookie = "") => {
    const answer = await edges[0]!.call("POST", "/api/v1/viewer", {
      ...(session && { token: session.token }),
      headers: { cookie },
    });
    return String(answer.headers.get("set-cookie")).split(";")[0] ?? "";
  };
  const watch = (cookie: string, edge = edges[0]!) =>
    Promise.all(
      ["720p/media.m3u8", "720p/part.m4s"].map(async (path) => {
        const answer = await fetch(`${edge.url}/live/hall/p1/${path}`, { headers: cookie === "" ? {} : { cookie } });
        return answer.status === 200 ? 200 : ((await answer.json()) as { code: string }).code;
      }),
    );
  const WATCHES = [200, 200];
  const REMOVED = ["removed", "removed"];

  it("loses playlists and parts at every edge and cannot come back until the kick ends", async () => {
    const atHome = await passOf(ann);
    const onPhone = await passOf(ann);
    const stranger = await passOf();
    for (const cookie of [atHome, onPhone, stranger]) expect(await watch(cookie)).toEqual(WATCHES);
    const kick = { act: "kick", user: ann.user.id, durationMs: 4_000, reason: "abuse" };
    const kicked = await edges[1]!.call<{ untilMs: number; auditId: number }>(
      "POST",
      "/api/v1/rooms/hall/moderation/acts",
      { token: host.token, body: kick },
    );
    expect(kicked.status).toBe(200);
    await eventually(async () => (await watch(atHome))[0] === "removed");
    for (const edge of edges) expect(await watch(atHome, edge)).toEqual(REMOVED);
    expect(await watch(onPhone)).toEqual(REMOVED);
    expect(await watch(stranger)).toEqual(WATCHES);
    // a fresh sign-in, a fresh token, the account gone from the device, no cookie at all, a new device at the address
    expect(await watch(await passOf(ann))).toEqual(REMOVED);
    expect(await watch(await passOf(undefined, atHome))).toEqual(REMOVED);
    await eventually(async () => (await watch(""))[0] === "removed");
    expect(await watch(await passOf())).toEqual(REMOVED);
    const state = await edges[0]!.call<{ removedUntilMs: number }>("GET", "/api/v1/rooms/hall/viewing", {
      headers: { cookie: atHome },
    });
    expect(state.body.removedUntilMs).toBe(kicked.body.untilMs);
    await eventually(async () => (await watch(atHome))[0] === 200);
    expect(await watch(onPhone)).toEqual(WATCHES);
  });

  it("comes back at once when the ban is lifted, and stays out when Redis forgets", async () => {
    const cookie = await passOf(ann);
    await watch(cookie);
    const ban = async (act: string) =>
      edges[0]!.call("POST", "/api/v1/rooms/hall/moderation/acts", {
        token: host.token,
        body: { act, user: ann.user.id, ...(act === "ban" && { durationMs: 0 }) },
      });
    await ban("ban");
    await eventually(async () => (await watch(cookie))[0] === "removed");
    expect(await watch("")).toEqual(REMOVED);
    await redis.client.flushall();
    const third = await startTestEdge(redis, { dataDir: edges[0]!.dataDir });
    await announceProgram(redis, programRecord("hall", { originUrl: origin.url, programId: "p1" }));
    await eventually(async () => (await watch(cookie, third))[0] === "removed");
    await third.stop();
    expect((await ban("unban")).status).toBe(200);
    await eventually(async () => (await watch(cookie))[0] === 200);
  });
});
