import { afterAll, beforeAll, expect, it } from "vitest";
import { startTestEdge, type TestEdge } from "../testing/edge.ts";
import { startTestRedis, type TestRedis } from "../testing/redis.ts";
import { startStageProcess } from "../testing/stage.ts";

let redis: TestRedis;
let edge: TestEdge;
let stage: { stop(): Promise<void> };
beforeAll(async () => {
  redis = await startTestRedis();
  [edge, stage] = await Promise.all([startTestEdge(redis), startStageProcess(redis)]);
}, 60_000);
afterAll(async () => {
  await stage?.stop();
  await edge?.stop();
  await redis?.stop();
});

const PATH = "/api/v1/connection-test";
const OFFER = [
  ...["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0", "m=video 9 UDP/TLS/RTP/SAVPF 96"],
  ...["c=IN IP4 0.0.0.0", "a=mid:0", "a=ice-ufrag:abcd", "a=ice-pwd:abcdefghijklmnopqrstuvwx"],
  `a=fingerprint:sha-256 ${Array.from({ length: 32 }, () => "AB").join(":")}`,
  ...["a=setup:actpass", "a=sendonly", "a=rtcp-mux", "a=rtpmap:96 VP8/90000", ""],
].join("\r\n");

it("is for signed-in users, and answers their offers with the ways to the media port", async () => {
  expect((await edge.call("GET", PATH)).status).toBe(401);
  expect((await edge.call("POST", PATH, { body: { sdp: OFFER } })).status).toBe(401);
  const { token } = await edge.signUp("Ann");
  expect((await edge.call("GET", PATH, { token })).body).toEqual({ iceServers: [] });
  const answer = await edge.call<{ readonly sdp: string }>("POST", PATH, { token, body: { sdp: OFFER } });
  expect(answer.status).toBe(200);
  expect(answer.body.sdp).toMatch(/a=candidate:\S+ 1 udp /);
  expect(answer.body.sdp).toMatch(/a=candidate:\S+ 1 tcp .* tcptype passive/);
  expect(answer.body.sdp).toMatch(/a=recvonly/);
});

it("refuses what is no offer", async () => {
  const { token } = await edge.signUp("Bob");
  expect((await edge.call("POST", PATH, { token, body: {} })).status).toBe(400);
  expect((await edge.call("POST", PATH, { token, body: { sdp: "v=0" } })).status).toBe(400);
});
