import { programFeedRedisKey } from "@lianmai/ingest/program-feed";
import { stageRedisKey } from "@lianmai/ingest/stage";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Session } from "../protocol/api.ts";
import { startTestEdge, type TestEdge } from "../testing/edge.ts";
import { eventually, startTestRedis, type TestRedis } from "../testing/redis.ts";
import { startStageProcess } from "../testing/stage.ts";

const PLACES = 2;
let redis: TestRedis;
let edge: TestEdge;
let stage: { stop(): Promise<void> };
let host: Session;
beforeAll(async () => {
  redis = await startTestRedis();
  const rateLimits = { signUpPerHour: 10_000, writesPerMinute: 10_000 };
  [edge, stage] = await Promise.all([
    startTestEdge(redis, { rateLimits }),
    startStageProcess(redis, { MAX_WHEP_VIEWERS: String(PLACES) }),
  ]);
  host = await edge.signUp("Host");
}, 60_000);
afterAll(async () => {
  await stage?.stop();
  await edge?.stop();
  await redis?.stop();
});

const OFFER = [
  ...["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0", "m=video 9 UDP/TLS/RTP/SAVPF 96"],
  ...["c=IN IP4 0.0.0.0", "a=mid:0", "a=ice-ufrag:abcd", "a=ice-pwd:abcdefghijklmnopqrstuvwx"],
  `a=fingerprint:sha-256 ${Array.from({ length: 32 }, () => "AB").join(":")}`,
  ...["a=setup:actpass", "a=recvonly", "a=rtcp-mux", "a=rtpmap:96 H264/90000"],
  ...["a=fmtp:96 profile-level-id=42e01f;packetization-mode=1", ""],
].join("\r\n");

/** A room that anybody may watch by WebRTC, as far as the stage process knows with a program on air. */
async function openRoom(slug: string) {
  await edge.room(host.token, slug);
  const settings = (webrtc: boolean) =>
    edge.call("PATCH", `/api/v1/rooms/${slug}/settings`, { token: host.token, body: { webrtc } });
  await settings(true);
  await redis.client.set(programFeedRedisKey(slug), JSON.stringify({ url: "http://127.0.0.1:9/" }));
  const watch = (who: { readonly token?: string; readonly cookie?: string }) =>
    edge.call<{ readonly code: string }>("POST", `/whep/${slug}`, {
      ...(who.token !== undefined && { token: who.token }),
      headers: { "content-type": "application/sdp", ...(who.cookie !== undefined && { cookie: who.cookie }) },
      body: OFFER,
    });
  /** Starts a session; answers its path. */
  const started = async (who: Parameters<typeof watch>[0]): Promise<string> => {
    const answer = await watch(who);
    expect(answer.status).toBe(201);
    return answer.headers.get("location") ?? "";
  };
  const place = (userId: string, at: string, seat?: number) =>
    redis.client.set(
      stageRedisKey(slug),
      JSON.stringify({
        ...{ room: slug, version: 1, updatedAtMs: 0, capacity: 3, locked: [], removed: [] },
        participants: [
          {
            ...{ participantId: userId, userId, name: userId, role: "guest", place: { at, seat }, sinceMs: 0, gain: 1 },
            ...{ connection: "connected", keepUntilMs: 0, muted: false, hidden: false, sources: [] },
            own: { microphone: true, camera: true, screen: false },
          },
        ],
      }),
    );
  const act = (body: Record<string, unknown>) =>
    edge.call("POST", `/api/v1/rooms/${slug}/moderation/acts`, { token: host.token, body });
  return { settings, watch, started, place, act };
}

/** Whether a session goes on: it takes a trickle fragment. */
async function goesOn(session: string): Promise<boolean> {
  const headers = { "content-type": "application/trickle-ice-sdpfrag" };
  const { status } = await edge.call("PATCH", session, { headers, body: "a=ice-ufrag:abcd\r\n" });
  expect([204, 404]).toContain(status);
  return status === 204;
}
const over = (session: string) => eventually(async () => !(await goesOn(session)));
const leave = (session: string) => edge.call("DELETE", session);

/** The cookie that a browser watches with. */
async function passOf(who: Session): Promise<string> {
  const answer = await edge.call("POST", "/api/v1/viewer", { token: who.token });
  return String(answer.headers.get("set-cookie")).split(";")[0] ?? "";
}

it("counts everybody but its staff and those backstage or in a seat: anybody may raise a hand", async () => {
  const { watch, started, place } = await openRoom("tea");
  const mei = await edge.signUp("Mei");
  const sessions = [await started({}), await started({})];
  expect((await watch({})).body.code).toBe("viewers-full");
  for (const at of ["asking", "invited"]) {
    await place(mei.user.id, at);
    expect((await watch({ token: mei.token })).body.code).toBe("viewers-full");
  }
  await place(mei.user.id, "backstage");
  sessions.push(await started({ token: mei.token }), await started({ token: host.token }));
  for (const session of sessions) await leave(session);
}, 30_000);

it("lets those who wait for the stage in where others are not, as far as places go", async () => {
  const { watch, started, place, settings } = await openRoom("rice");
  const li = await edge.signUp("Li");
  await settings(false);
  expect((await watch({ token: li.token })).body.code).toBe("webrtc-off");
  await place(li.user.id, "asking");
  await leave(await started({ token: li.token }));
}, 30_000);

it("ends what the banned watch, by their account and by the device they were seen at, and nobody else's", async () => {
  const { watch, started, act } = await openRoom("soup");
  const [ann, mod] = [await edge.signUp("Ann"), await edge.signUp("Mod")];
  await act({ act: "role", user: mod.user.id, role: "moderator", durationMs: 0 });
  const cookie = await passOf(ann);
  const [byAccount, byDevice] = [await started({ token: ann.token }), await started({ cookie })];
  const others = [await started({ token: mod.token }), await started({ token: host.token })];
  expect((await act({ act: "ban", user: ann.user.id, durationMs: 0, reason: "abuse" })).status).toBe(200);
  await over(byAccount);
  await over(byDevice);
  for (const session of others) expect(await goesOn(session)).toBe(true);
  expect((await watch({ token: ann.token })).status).toBe(403);
  expect((await watch({ cookie })).body.code).toBe("removed");
  for (const session of others) await leave(session);
}, 30_000);

it("ends what strangers watch when the room is switched off, not what staff and people on the stage do", async () => {
  const { started, settings, place } = await openRoom("bread");
  const bo = await edge.signUp("Bo");
  const [stranger, onStage, staff] = [
    await started({}),
    await started({ token: bo.token }),
    await started({ token: host.token }),
  ];
  await place(bo.user.id, "seated", 1);
  expect((await settings(false)).status).toBe(200);
  await over(stranger);
  for (const session of [onStage, staff]) {
    expect(await goesOn(session)).toBe(true);
    await leave(session);
  }
}, 30_000);
