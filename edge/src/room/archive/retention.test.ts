import { afterAll, beforeAll, expect, it } from "vitest";
import type { Session } from "../../protocol/api.ts";
import type { AuditList } from "../../protocol/moderation.ts";
import { startTestEdge, type TestEdge } from "../../testing/edge.ts";
import { eventually, silent, startTestRedis, type TestRedis } from "../../testing/redis.ts";
import { text, viewer } from "../../testing/room.ts";
import { startRetention } from "./retention.ts";

const DAY_MS = 86_400_000;

let redis: TestRedis;
let edge: TestEdge;
let host: Session;
beforeAll(async () => {
  redis = await startTestRedis();
  edge = await startTestEdge(redis);
  host = await edge.signUp("keeper");
  for (const slug of ["short", "long"]) {
    await edge.room(host.token, slug);
    const id = await idOf(slug);
    for (const said of ["one", "two", "three"]) {
      await eventually(async () => (await edge.edge.room.log.publish(id, viewer("a"), text(said))).ok);
    }
    await edge.edge.room.log.whenDurable(id, { gen: 1, seq: 3 }, AbortSignal.timeout(20_000));
  }
});
afterAll(async () => {
  await edge.stop();
  await redis.stop();
});

const idOf = async (slug: string) => String((await edge.edge.rooms.bySlug(slug))?.id);
const path = "/api/v1/rooms/short/entries/retention";

it("a host chooses how long a room is kept; what is older goes, the newest stays, other rooms stay whole", async () => {
  expect((await edge.call("GET", path, { token: host.token })).body).toEqual({ days: null });
  const other = await edge.signUp("somebody");
  expect((await edge.call("PUT", path, { token: other.token, body: { days: 3 } })).status).toBe(403);
  expect((await edge.call("PUT", path, { token: host.token, body: { days: 0 } })).status).toBe(400);
  expect((await edge.call("PUT", path, { token: host.token, body: { days: 3 } })).body).toEqual({ days: 3 });
  const audit = await edge.call<AuditList>("GET", "/api/v1/rooms/short/moderation/audit", { token: host.token });
  expect(audit.body.entries[0]).toMatchObject({ act: "retention", detail: { before: null, after: 3 } });

  const { database, archive } = edge.edge.room;
  let aheadMs = 0;
  const retention = startRetention({
    ...{ database, archive, archiver: { isLeader: false }, rooms: edge.edge.rooms, defaultDays: 0, logger: silent },
    clock: { monotonicMs: () => 0, wallMs: () => Date.now() + aheadMs },
  });
  expect(await retention.sweep()).toBe(0);
  aheadMs = 4 * DAY_MS;
  expect(await retention.sweep()).toBe(2);
  retention.stop();
  const left = async (slug: string) =>
    (await archive.after(await idOf(slug), { gen: 0, seq: 0 }, { limit: 9 })).map(({ seq }) => seq);
  expect([await left("short"), await left("long")]).toEqual([[3], [1, 2, 3]]);
  const [word] = await archive.before(
    await idOf("short"),
    { gen: 9, seq: 0 },
    { limit: 9, selection: { words: "one" } },
  );
  expect(word).toBeUndefined();
});
