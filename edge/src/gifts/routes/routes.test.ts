import { stageRedisKey } from "@lianmai/ingest/stage";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Catalogue, GiftReceipt, Leaderboard, RoomTransfers, Session, Wallet } from "../../protocol/index.ts";
import type { AuditList } from "../../protocol/moderation.ts";
import { announceProgram, PASSWORD, programRecord, startTestEdge, type TestEdge } from "../../testing/edge.ts";
import { eventually, startTestRedis, type TestRedis } from "../../testing/redis.ts";
import { signPayment } from "../payment-signature.ts";

/** A stage with one guest. */
const stageWith = (userId: string, place: object) => ({
  ...{ room: "stage", version: 1, updatedAtMs: 0, capacity: 3, locked: [], removed: [] },
  participants: [
    {
      ...{ participantId: userId, userId, name: userId, role: "guest", place, sinceMs: 0, connection: "connected" },
      ...{ keepUntilMs: 0, muted: false, hidden: false, gain: 1, sources: [] },
      own: { microphone: true, camera: true, screen: false },
    },
  ],
});

const KEY = "the payment system's secret, 32 or more".replaceAll(/[, ]/g, "-");
let redis: TestRedis;
let edge: TestEdge;
let admin: Session;
let host: Session;
beforeAll(async () => {
  redis = await startTestRedis();
  edge = await startTestEdge(redis, { env: { PAYMENT_KEYS: `${"0".repeat(32)},${KEY}`, GIFT_COINS_PER_SEND: "5000" } });
  admin = (await edge.call<Session>("POST", "/api/v1/sessions", { body: { name: "admin", password: PASSWORD } })).body;
  host = await edge.signUp("host");
  await edge.room(host.token, "stage");
});
afterAll(async () => {
  await edge.stop();
  await redis.stop();
});

const grant = (name: string, amount: number, cid = `grant-${name}-${amount}`, token = admin.token) =>
  edge.call<GiftReceipt & { code: string }>("POST", "/api/v1/grants", {
    token,
    body: { cid, user: name, amount, reason: "welcome" },
  });
const send = (token: string, body: object) =>
  edge.call<GiftReceipt & { code: string }>("POST", "/api/v1/rooms/stage/gifts", {
    token,
    body: { cid: "gift-0001", gift: "rose", quantity: 1, unitPrice: 5, ...body },
  });
const wallet = async (token: string) => (await edge.call<Wallet>("GET", "/api/v1/wallet", { token })).body;

describe("gifts over HTTP", () => {
  it("are bought from a price list, seen in wallets, the host's list and leaderboards, and given back", async () => {
    const { body: list } = await edge.call<Catalogue>("GET", "/api/v1/gifts");
    expect(list.gifts).toHaveLength(8);
    const rose = list.gifts.find(({ id }) => id === "rose");
    const ada = await edge.signUp("ada");
    expect((await grant("ada", 100)).body).toMatchObject({ balance: 100, repeated: false });
    await announceProgram(redis, programRecord("stage"));
    await eventually(async () => (await edge.call<{ live: unknown }>("GET", "/api/v1/rooms/stage")).body.live !== null);

    const sent = await send(ada.token, { quantity: 2, unitPrice: rose?.price });
    expect(sent).toMatchObject({ status: 200, body: { amount: 10, balance: 90, combo: { quantity: 2 } } });
    expect((await send(ada.token, { quantity: 2 })).body).toEqual({ ...sent.body, repeated: true });
    expect(await wallet(ada.token)).toMatchObject({
      balance: 90,
      income: 0,
      transfers: [
        { kind: "gift", change: -10, room: "stage", gift: "rose", quantity: 2, refunded: false },
        { kind: "grant", change: 100, note: "welcome" },
      ],
      nextCursor: null,
    });
    expect(await wallet(host.token)).toMatchObject({ balance: 0, income: 10 });
    for (const period of ["program", "day", "all"]) {
      const path = `/api/v1/rooms/stage/leaderboard?period=${period}`;
      expect((await edge.call<Leaderboard>("GET", path)).body).toEqual({
        ...{ period, total: 10 },
        places: [{ place: 1, user: { id: ada.user.id, name: "ada" }, value: 10 }],
      });
    }

    const refund = (token: string, cid: string) =>
      edge.call<GiftReceipt>("POST", `/api/v1/rooms/stage/transfers/${sent.body.tx}/refund`, {
        token,
        body: { cid, reason: "by mistake" },
      });
    expect(await refund(ada.token, "refund-01")).toMatchObject({ status: 403, body: { code: "not-allowed" } });
    expect(await refund(host.token, "refund-01")).toMatchObject({ status: 200, body: { balance: 100 } });
    expect(await refund(host.token, "refund-02")).toMatchObject({ status: 409, body: { code: "already-refunded" } });
    const { body: room } = await edge.call<RoomTransfers>("GET", "/api/v1/rooms/stage/transfers", {
      token: host.token,
    });
    expect(room.transfers).toMatchObject([
      { kind: "refund", change: -10, user: { name: "ada" } },
      { kind: "gift", change: 10, refunded: true },
    ]);
    expect(await wallet(host.token)).toMatchObject({ income: 0 });
  });

  it("are refused with a code that says what to do", async () => {
    const bob = await edge.signUp("bobby");
    const refusal = async (body: object, token = bob.token) => {
      const { status, body: problem } = await send(token, body);
      return [status, problem.code];
    };
    expect(await refusal({})).toEqual([402, "insufficient-coins"]);
    await grant("bobby", 9_000);
    expect(await refusal({ gift: "nothing" })).toEqual([404, "gift-not-found"]);
    expect(await refusal({ unitPrice: 4 })).toEqual([409, "price-changed"]);
    expect(await refusal({ gift: "rocket", unitPrice: 1_314, quantity: 4 })).toEqual([409, "spending-cap"]);
    expect(await refusal({ quantity: 0 })).toEqual([400, "invalid-request"]);
    expect(await refusal({ cid: "short" })).toEqual([400, "invalid-request"]);
    expect(await refusal({}, host.token)).toEqual([409, "own-room"]);
    expect(await refusal({}, "no-such-token-at-all")).toEqual([401, "not-signed-in"]);
    await send(bob.token, { cid: "gift-0005" });
    expect(await refusal({ cid: "gift-0005", quantity: 2 })).toEqual([409, "cid-conflict"]);
    expect((await grant("bobby", 5, "grant-x-1", bob.token)).body.code).toBe("not-allowed");
    expect((await grant("nobody-here", 5)).body.code).toBe("user-not-found");
  });

  it("are for whoever sits on the stage as well, who is paid and named", async () => {
    const [cat, mei] = [await edge.signUp("cat"), await edge.signUp("mei")];
    await grant("cat", 100);
    const to = async (userId: string, cid: string, token = cat.token) => {
      const { status, body } = await send(token, { cid, quantity: 2, to: userId });
      return status === 200 ? body.amount : [status, body.code];
    };
    const seat = (place: object) =>
      redis.client.set(stageRedisKey("stage"), JSON.stringify(stageWith(mei.user.id, place)));
    expect(await to(mei.user.id, "gift-0001")).toEqual([409, "not-on-stage"]);
    await seat({ at: "backstage" });
    expect(await to(mei.user.id, "gift-0001")).toEqual([409, "not-on-stage"]);
    await seat({ at: "seated", seat: 1 });
    expect(await to(mei.user.id, "gift-0002")).toBe(10);
    expect(await to("nobody", "gift-0003")).toEqual([409, "not-on-stage"]);
    expect(await to(cat.user.id, "gift-0003")).toEqual([409, "own-gift"]);
    expect(await to("not an id!", "gift-0003")).toEqual([400, "invalid-request"]);
    await seat({ at: "backstage" });
    expect(await to(mei.user.id, "gift-0002")).toBe(10);
    expect(await wallet(mei.token)).toMatchObject({ income: 10, balance: 0 });
    expect((await wallet(cat.token)).transfers[0]).toMatchObject({ to: { id: mei.user.id, name: "mei" } });
    expect(await to(host.user.id, "gift-0004")).toBe(10);
    expect((await wallet(cat.token)).transfers[0]).toMatchObject({ to: null });
  });

  it("end their combo when the sender says so", async () => {
    const dan = await edge.signUp("dan");
    await grant("dan", 100);
    const { body } = await send(dan.token, {});
    const end = (token: string) => edge.call("POST", `/api/v1/combos/${body.combo?.id}/end`, { token });
    expect((await end(host.token)).body.code).toBe("combo-not-found");
    expect((await end(dan.token)).status).toBe(204);
    expect((await send(dan.token, { cid: "gift-0002" })).body.combo?.id).not.toBe(body.combo?.id);
  });

  it("carry messages that cost at least the smallest tier", async () => {
    const eva = await edge.signUp("eva");
    await grant("eva", 100);
    const say = (body: object) =>
      edge.call<GiftReceipt & { code: string }>("POST", "/api/v1/rooms/stage/paid-messages", {
        token: eva.token,
        body: { cid: "paid-0001", amount: 50, text: "你好，主播", ...body },
      });
    expect((await say({ amount: 9 })).body.code).toBe("amount-too-small");
    expect((await say({ text: "x".repeat(301) })).body.code).toBe("invalid-request");
    expect(await say({})).toMatchObject({ status: 200, body: { amount: 50, balance: 50, combo: null } });
    expect(await wallet(eva.token)).toMatchObject({ transfers: [{ kind: "paid", note: "你好，主播" }, {}] });
  });

  it("change their prices for everybody, by admins, one change at a time", async () => {
    const { body: list } = await edge.call<Catalogue>("GET", "/api/v1/gifts");
    const change = (token: string, replaces: number) =>
      edge.call<Catalogue & { code: string }>("PUT", "/api/v1/gifts", {
        token,
        body: { replaces, gifts: list.gifts.map((gift) => ({ ...gift, price: gift.price + 1 })) },
      });
    expect((await change(host.token, list.version)).body.code).toBe("not-allowed");
    expect((await change(admin.token, list.version)).body).toMatchObject({ version: list.version + 1 });
    expect((await change(admin.token, list.version)).body.code).toBe("catalogue-changed");
    const gia = await edge.signUp("gia");
    await grant("gia", 100);
    expect((await send(gia.token, {})).body.code).toBe("price-changed");
    expect((await send(gia.token, { unitPrice: 6 })).status).toBe(200);
  });
});

describe("top-ups", () => {
  const topUp = (
    body: object | string,
    more: { key?: string; idempotencyKey?: string; atMs?: number; signature?: string } = {},
  ) => {
    const { key = KEY, idempotencyKey = "payment-0001", atMs = Date.now() } = more;
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const timestamp = String(Math.floor(atMs / 1_000));
    const signature = more.signature ?? signPayment({ timestamp, idempotencyKey, body: text }, key);
    return edge.call<GiftReceipt & { code: string }>("POST", "/api/v1/payments/top-ups", {
      body: text,
      headers: {
        "x-lianmai-timestamp": timestamp,
        "x-lianmai-signature": signature,
        "idempotency-key": idempotencyKey,
      },
    });
  };

  it("credit an account once per idempotency key, and only when the payment system signed them just now", async () => {
    const kim = await edge.signUp("kim");
    const payment = { userId: kim.user.id, amount: 500, reference: "order 17" };
    expect(await topUp(payment)).toMatchObject({ status: 200, body: { balance: 500, repeated: false } });
    expect(await topUp(payment)).toMatchObject({ status: 200, body: { balance: 500, repeated: true } });
    expect(await topUp(payment, { key: "0".repeat(32) })).toMatchObject({ status: 200, body: { repeated: true } });
    expect((await topUp({ ...payment, amount: 501 })).body.code).toBe("cid-conflict");
    expect((await topUp(payment, { key: "1".repeat(32) })).body.code).toBe("bad-signature");
    expect((await topUp(payment, { atMs: Date.now() - 301_000 })).body.code).toBe("bad-signature");
    expect((await topUp(payment, { atMs: Date.now() + 301_000 })).body.code).toBe("bad-signature");
    expect((await topUp(payment, { signature: "x" })).body.code).toBe("bad-signature");
    expect((await topUp({ ...payment, userId: "nobody" }, { idempotencyKey: "payment-0002" })).body.code).toBe(
      "user-not-found",
    );
    expect((await topUp({ ...payment, amount: -1 })).body.code).toBe("invalid-request");
    expect((await topUp("{")).body.code).toBe("bad-request");
    expect(await wallet(kim.token)).toMatchObject({ balance: 500 });
  });

  it("that admins and hosts grant, take back or price stand in the audit", async () => {
    await edge.signUp("audrey");
    const granted = await grant("audrey", 70);
    const path = `/api/v1/transfers/${granted.body.tx}/refund`;
    const refund = { token: admin.token, body: { cid: "refund-audrey", reason: "by mistake" } };
    expect((await edge.call("POST", path, refund)).status).toBe(200);
    expect((await edge.call("POST", path, { ...refund, body: { ...refund.body, cid: "refund-again" } })).status).toBe(
      409,
    );
    const audit = await edge.call<AuditList>("GET", "/api/v1/moderation/audit", { token: admin.token });
    expect(audit.body.entries.slice(0, 4)).toMatchObject([
      { act: "failed", detail: { why: "already-refunded" } },
      { act: "refund", subject: { id: granted.body.tx }, note: "by mistake" },
      { act: "refund", subject: { id: granted.body.tx }, note: "by mistake", actor: { name: "admin" } },
      { act: "grant", subject: { name: "audrey" }, note: "welcome", detail: { amount: 70 } },
    ]);
  });
});
