import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Session } from "../../protocol/api.ts";
import type { RoomToken } from "../../protocol/room/api.ts";
import { startTestEdge, type TestEdge } from "../../testing/edge.ts";
import { eventually, startTestRedis, type TestRedis } from "../../testing/redis.ts";
import { connectRoom } from "../../testing/room-client.ts";

let redis: TestRedis;
let edge: TestEdge;
let host: Session;
let guest: Session;
beforeAll(async () => {
  redis = await startTestRedis();
  edge = await startTestEdge(redis);
  host = await edge.signUp("host");
  guest = await edge.signUp("guest one");
  await edge.room(host.token, "den");
  await eventually(() => edge.edge.room.redis.status === "ready");
});
afterAll(async () => {
  await edge.stop();
  await redis.stop();
});

const join = async (session: Session) => {
  const { token } = (await edge.call<RoomToken>("POST", "/api/v1/room/token", { token: session.token, body: {} })).body;
  const client = await connectRoom(edge.url, { token, rooms: [{ room: "den" }] });
  await client.next("welcome");
  return client;
};
type Client = Awaited<ReturnType<typeof join>>;
/** Says something; answers the mode that forbids it, or "". */
const refusal = async (client: Client): Promise<string> => {
  const cid = randomUUID();
  client.send({ t: "pub", room: "den", cid, kind: "text", body: { text: "hello" } });
  const answer = await eventually(() =>
    client.frames.find((frame) => (frame.t === "ack" || frame.t === "nack") && frame.cid === cid),
  );
  return answer.t === "nack" ? `${answer.code} ${answer.hint}` : "";
};
const modes = async (change: Record<string, unknown>) => {
  const path = "/api/v1/rooms/den/moderation/modes";
  expect((await edge.call("PATCH", path, { token: host.token, body: change })).status).toBe(200);
};
const member = (method: string) =>
  edge.call(method, `/api/v1/rooms/den/moderation/users/${guest.user.id}/member`, { token: host.token });

describe("people at the gateway", () => {
  it("talk among followers from when they follow, without coming in again", async () => {
    const client = await join(guest);
    expect(await refusal(client)).toBe("");
    await modes({ followersMs: 0 });
    expect(await refusal(client)).toBe("mode followersMs");
    await edge.call("PUT", "/api/v1/rooms/den/follow", { token: guest.token });
    expect(await refusal(client)).toBe("");
    await modes({ followersMs: 3_600_000 });
    expect(await refusal(client)).toBe("mode followersMs");
    await modes({ followersMs: null });
    client.close();
  });

  it("talk among members while they are members", async () => {
    const client = await join(guest);
    await modes({ membersOnly: true });
    expect(await refusal(client)).toBe("mode membersOnly");
    await member("PUT");
    expect(await refusal(client)).toBe("");
    await member("DELETE");
    expect(await refusal(client)).toBe("mode membersOnly");
    await modes({ membersOnly: false });
    client.close();
  });

  it("are counted, each once, and everybody is told", async () => {
    const clients = [await join(guest), await join(guest), await join(host)];
    const counted = (st: readonly { readonly key: string; readonly value: unknown }[]) =>
      (st.find(({ key }) => key === "viewers")?.value as { readonly count: number } | undefined)?.count ?? 0;
    // Who comes in between two counts is in the second.
    const told = await clients[2]?.next("st", ({ st }) => counted(st) > 1);
    expect(counted(told?.st ?? [])).toBe(2);
    for (const client of clients) client.close();
  });

  it("have no names that may not be said", async () => {
    const device = "a secret of this device";
    const ask = (nickname: string) =>
      edge.call<{ code: string }>("POST", "/api/v1/room/token", { body: { device, nickname } });
    expect((await ask("Ada")).status).toBe(200);
    expect(await ask("傻逼")).toMatchObject({ status: 422, body: { code: "text-blocked" } });
    const account = { name: "s h i t", password: "long enough for this" };
    expect(await edge.call("POST", "/api/v1/users", { body: account })).toMatchObject({
      status: 422,
      body: { code: "text-blocked" },
    });
  });
});
