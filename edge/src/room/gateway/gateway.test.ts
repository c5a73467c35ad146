import { randomUUID } from "node:crypto";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Session } from "../../protocol/api.ts";
import type { RoomToken } from "../../protocol/room/api.ts";
import { FOREVER_MS } from "../../protocol/room/limits.ts";
import { startTestEdge, type TestEdge } from "../../testing/edge.ts";
import { eventually, startTestRedis, type TestRedis } from "../../testing/redis.ts";
import { viewer } from "../../testing/room.ts";
import { connectRoom } from "../../testing/room-client.ts";

let redis: TestRedis;
let edge: TestEdge;
let host: Session;
let viewerOne: Session;
beforeAll(async () => {
  redis = await startTestRedis();
  edge = await startTestEdge(redis);
  host = await edge.signUp("host");
  viewerOne = await edge.signUp("viewer one");
  await edge.room(host.token, "den");
  await eventually(() => edge.edge.room.redis.status === "ready");
});
afterAll(async () => {
  await edge.stop();
  await redis.stop();
});

const tokenOf = async (session?: Session, body: Record<string, unknown> = {}) =>
  (await edge.call<RoomToken>("POST", "/api/v1/room/token", { ...(session && { token: session.token }), body })).body;
const join = async (session: Session, at?: { gen: number; seq: number }) => {
  const { token } = await tokenOf(session);
  return connectRoom(edge.url, { token, rooms: [{ room: "den", ...(at && { at }) }] });
};
const pub = (text: string, cid = randomUUID()) => ({ t: "pub", room: "den", cid, kind: "text", body: { text } });
const roomId = async () => String((await edge.edge.rooms.bySlug("den"))?.id);

describe("gateway", () => {
  it("welcomes, acknowledges, delivers to everybody and says when it is durable", async () => {
    const [a, b] = [await join(host), await join(viewerOne)];
    const welcome = await a.next("welcome");
    expect(welcome.rooms[0]).toMatchObject({ room: "den", you: { role: "host" } });
    expect((await b.next("welcome")).rooms[0]).toMatchObject({ you: { role: "viewer", name: "viewer one" } });
    const said = pub("hello 你好");
    b.send(said);
    const ack = await b.next("ack");
    expect(ack.cid).toBe(said.cid);
    const batch = await a.next("b", ({ msgs }) => msgs.some(({ cid }) => cid === said.cid));
    expect(batch.msgs[0]).toMatchObject({ kind: "text", from: { name: "viewer one" }, body: { text: "hello 你好" } });
    await b.next("b", ({ dur }) => dur.gen === ack.gen && dur.seq >= ack.seq);
    b.send(said);
    expect(await b.next("ack", (next) => next !== ack)).toMatchObject({ gen: ack.gen, seq: ack.seq });
    a.close();
    b.close();
  });

  it("takes no token that shares only its signature with one it knows", async () => {
    const { token } = await tokenOf(viewerOne);
    const known = await connectRoom(edge.url, { token, rooms: [] });
    await known.next("welcome");
    const [head, claims = "", signature] = token.split(".");
    const more = { ...JSON.parse(Buffer.from(claims, "base64url").toString()), role: "admin" };
    const forged = [head, Buffer.from(JSON.stringify(more)).toString("base64url"), signature].join(".");
    const stranger = await connectRoom(edge.url, { token: forged, rooms: [] });
    expect(await stranger.next("fault")).toMatchObject({ code: "bad-token" });
    known.close();
  });

  it("says so when what opens events is too deep to be a frame", async () => {
    const response = await fetch(`${edge.url}/api/v1/room/events`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: `${"[".repeat(20_000)}${"]".repeat(20_000)}`,
    });
    const reader = response.body?.getReader();
    const { value } = (await reader?.read()) ?? {};
    expect(new TextDecoder().decode(value)).toMatch(/"code":"(bad-json|too-big)"/);
    await reader?.cancel();
  });

  it("resumes after a position: what was missed, nothing twice", async () => {
    const a = await join(viewerOne);
    const [first] = (await a.next("welcome")).rooms;
    const at = { gen: Number(first && "gen" in first && first.gen), seq: Number(first && "top" in first && first.top) };
    a.close();
    const b = await join(host);
    await b.next("welcome");
    for (let n = 0; n < 5; n += 1) b.send(pub(`missed ${n}`));
    await eventually(() => b.frames.filter(({ t }) => t === "ack").length === 5);
    const c = await join(viewerOne, at);
    const [room] = (await c.next("welcome")).rooms;
    if (!room || !("parts" in room)) throw new Error("no room");
    expect(room.parts.flatMap(({ msgs }) => msgs.map(({ seq }) => seq))).toEqual(
      [1, 2, 3, 4, 5].map((n) => at.seq + n),
    );
    b.close();
    c.close();
  });

  it("shows guests what the room allows, and refuses what it does not", async () => {
    const device = randomUUID();
    const { token, user } = await tokenOf(undefined, { device, nickname: "路人" });
    expect(user).toMatchObject({ name: "路人", role: "guest" });
    expect((await tokenOf(undefined, { device, nickname: "other" })).user.id).toBe(user.id);
    const guest = await connectRoom(edge.url, { token, rooms: [{ room: "den" }] });
    await guest.next("welcome");
    guest.send(pub("may I"));
    expect(await guest.next("nack")).toMatchObject({ code: "mode", hint: "guests" });
    guest.close();
  });

  it("lets in a tenant's people by the tenant's key, until the key is revoked", async () => {
    const admin = (
      await edge.call<Session>("POST", "/api/v1/sessions", {
        body: { name: "admin", password: "correct horse battery" },
      })
    ).body;
    const tenant = (
      await edge.call<{ id: string }>("POST", "/api/v1/tenants", { token: admin.token, body: { name: "Shop" } })
    ).body;
    const { privateKey, publicKey } = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
    const keys = `/api/v1/tenants/${tenant.id}/keys`;
    const added = await edge.call("POST", keys, {
      token: admin.token,
      body: { kid: "k1", jwk: await exportJWK(publicKey) },
    });
    expect(added.status).toBe(204);
    expect(
      (await edge.call("POST", keys, { token: admin.token, body: { kid: "k2", jwk: await exportJWK(privateKey) } }))
        .status,
    ).toBe(400);
    const sign = (claims: Record<string, unknown>, audience = "lianmai") =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: "EdDSA", kid: "k1" })
        .setIssuer(tenant.id)
        .setAudience(audience)
        .setSubject("u42")
        .setIssuedAt()
        .setExpirationTime("5m")
        .sign(privateKey);
    const assertion = await sign({ name: "Buyer", rooms: { den: "moderator" } });
    const { token, user } = await tokenOf(undefined, { assertion });
    expect(user).toEqual({ id: `${tenant.id}:u42`, name: "Buyer", role: "viewer" });
    const buyer = await connectRoom(edge.url, { token, rooms: [{ room: "den" }] });
    expect((await buyer.next("welcome")).rooms[0]).toMatchObject({ you: { role: "moderator" } });
    buyer.close();
    const other = { assertion: await sign({}, "somebody else") };
    expect((await edge.call("POST", "/api/v1/room/token", { body: other })).body.code).toBe("bad-assertion");
    await edge.call("DELETE", `${keys}/k1`, { token: admin.token });
    expect((await edge.call("POST", "/api/v1/room/token", { body: { assertion } })).body.code).toBe("bad-assertion");
  });

  it("puts out who is banned, and keeps them out with a fresh token", async () => {
    const bad = await edge.signUp("trouble");
    const client = await join(bad);
    await client.next("welcome");
    const by = viewer(host.user.id, { role: "host" });
    const ban = { act: "ban", user: bad.user.id, untilMs: FOREVER_MS } as const;
    await edge.edge.room.log.act(await roomId(), by, { cid: randomUUID(), kind: "act", body: ban });
    expect(await client.next("left")).toMatchObject({ why: "banned", untilMs: FOREVER_MS });
    await eventually(() => client.closed() === 4004);
    const again = await join(bad);
    expect((await again.next("welcome")).rooms[0]).toMatchObject({ room: "den", fault: "banned" });
    again.close();
  });

  it("ends connections and refuses tokens of a session that was signed out", async () => {
    const leaver = await edge.signUp("leaver");
    const { token } = await tokenOf(leaver);
    const client = await connectRoom(edge.url, { token, rooms: [{ room: "den" }] });
    await client.next("welcome");
    await edge.call("DELETE", "/api/v1/sessions/current", { token: leaver.token });
    await eventually(() => client.closed() === 4003);
    const again = await connectRoom(edge.url, { token, rooms: [{ room: "den" }] });
    expect(await again.next("fault")).toMatchObject({ code: "bad-token" });
  });

  it("speaks the same over events and POST", async () => {
    const { token } = await tokenOf(viewerOne);
    const response = await fetch(`${edge.url}/api/v1/room/events`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ t: "hello", v: 1, token, rooms: [{ room: "den" }] }),
    });
    const frames: { t: string; sid?: string; cid?: string }[] = [];
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    void (async () => {
      let rest = "";
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        const lines = (rest + part.value).split("\n\n");
        rest = lines.pop() ?? "";
        for (const line of lines) frames.push(JSON.parse(line.slice(6)));
      }
    })();
    const { sid } = await eventually(() => frames.find(({ t }) => t === "welcome"));
    const said = pub("by post");
    expect((await edge.call("POST", `/api/v1/room/frames/${sid}`, { body: said })).status).toBe(204);
    await eventually(() => frames.find(({ t, cid }) => t === "ack" && cid === said.cid));
    await reader.cancel();
    await eventually(
      async () =>
        (await edge.call("POST", `/api/v1/room/frames/${sid}`, { body: said })).body?.code === "connection-not-found",
    );
  });

  it("refuses while Redis is away and goes on when it is back", async () => {
    const client = await join(viewerOne);
    await client.next("welcome");
    await redis.down();
    const said = pub("while away");
    client.send(said);
    expect(await client.next("nack")).toMatchObject({ cid: said.cid, code: "busy", retryMs: expect.any(Number) });
    await redis.up();
    await eventually(async () => {
      client.send(said);
      await new Promise((resolve) => setTimeout(resolve, 500));
      return client.frames.some((frame) => frame.t === "ack" && frame.cid === said.cid);
    });
    await client.next("b", ({ msgs }) => msgs.some(({ cid }) => cid === said.cid));
    client.close();
  });

  it("tells everybody to come back later when it stops", async () => {
    const own = await startTestEdge(redis);
    const session = await own.signUp("other host");
    await own.room(session.token, "cave");
    const { token } = (await own.call<RoomToken>("POST", "/api/v1/room/token", { token: session.token, body: {} }))
      .body;
    const client = await connectRoom(own.url, { token, rooms: [{ room: "cave" }] });
    await client.next("welcome");
    await own.stop();
    expect(client.frames.some((frame) => frame.t === "ctl" && frame.ctl === "drain")).toBe(true);
    await eventually(() => client.closed() === 1001);
  });
});
