import { type Stage, stageRedisKey } from "@lianmai/ingest/stage";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startTestEdge, type TestEdge } from "../testing/edge.ts";
import { startTestRedis, type TestRedis } from "../testing/redis.ts";

let redis: TestRedis;
let edge: TestEdge;
beforeAll(async () => {
  redis = await startTestRedis();
  edge = await startTestEdge(redis);
  const ann = await edge.signUp("Ann");
  await edge.call("POST", "/api/v1/rooms", { token: ann.token, body: { slug: "kitchen", title: "The kitchen" } });
});
afterAll(async () => {
  await edge?.stop();
  await redis?.stop();
});

type Participant = Stage["participants"][number];
const participant = (id: string, change: Partial<Participant>): Participant => ({
  ...{ participantId: id, userId: id, name: id, role: "guest", place: { at: "backstage" }, sinceMs: 0 },
  ...{ connection: "connected", keepUntilMs: 0, muted: false, hidden: false, gain: 1, sources: [] },
  own: { microphone: true, camera: true, screen: false },
  ...change,
});
const host = participant("ann", { role: "host", place: { at: "seated", seat: 0 } });

async function ask(stage?: Partial<Stage>): Promise<unknown> {
  const usual = { room: "kitchen", version: 1, updatedAtMs: 0, capacity: 3, locked: [], participants: [], removed: [] };
  if (stage) await redis.client.set(stageRedisKey("kitchen"), JSON.stringify({ ...usual, ...stage }));
  return (await edge.call("GET", "/api/v1/rooms/kitchen/stage")).body;
}

it("is closed while nobody is there to answer a raised hand", async () => {
  expect(await ask()).toEqual({ isOpen: false, guests: 0, freeSeats: 0 });
  expect(await ask({ participants: [participant("mei", {})] })).toMatchObject({ isOpen: false });
  expect(await ask({ participants: [{ ...host, connection: "away" }] })).toMatchObject({ isOpen: false });
  expect(await ask({ participants: [host], capacity: 0 })).toMatchObject({ isOpen: false });
});

it("counts guests on air, and seats that are neither taken nor locked", async () => {
  const seated = participant("mei", { place: { at: "seated", seat: 2 } });
  expect(await ask({ participants: [host, seated, participant("li", {})], locked: [3, 7] })).toEqual({
    isOpen: true,
    guests: 1,
    freeSeats: 1,
  });
});

it("knows no stage of a room that is not there", async () => {
  expect((await edge.call("GET", "/api/v1/rooms/attic/stage")).status).toBe(404);
});
