import { afterAll, beforeAll, expect, it } from "vitest";
import { STAGE_NODES_REDIS_KEY, stageNodeRedisKey, stagePlaceRedisKey } from "../stage-contract.ts";
import { silentLogger, startTestRedis, type TestRedis } from "../testing/redis.ts";
import { startTestStage, type TestStage } from "../testing/stage.ts";
import { Placement } from "./placement.ts";

let redis: TestRedis;
beforeAll(async () => {
  redis = await startTestRedis();
});
afterAll(async () => {
  await redis?.stop();
});

/** A node that has the rooms it says it has. */
function makeNode(nodeId: string, rooms: readonly string[]) {
  const lost: string[] = [];
  const placement = new Placement({
    ...{ nodeId, redis: redis.client, logger: silentLogger, url: () => `http://${nodeId}` },
    packetsPerSecond: () => 0,
    rooms: () => new Set(rooms),
    onLost: (room) => lost.push(room),
    nowMs: () => performance.now(),
  });
  return { placement, lost };
}

const holderOf = (room: string) => redis.client.get(stagePlaceRedisKey(room));
const recordOf = async (nodeId: string): Promise<unknown> =>
  JSON.parse((await redis.client.get(stageNodeRedisKey(nodeId))) ?? "null");

it("gives up its rooms when it stops, so that another node has them at once", async () => {
  const [a, b] = [makeNode("a", ["tea"]), makeNode("b", [])];
  await a.placement.start();
  await b.placement.start();
  expect([await a.placement.take("tea"), await a.placement.take("soup")]).toEqual([true, true]);
  expect(await b.placement.take("tea")).toBe(false);

  await a.placement.drain();
  expect(await recordOf("a")).toMatchObject({ draining: true });
  expect(await recordOf("b")).toMatchObject({ draining: false });
  expect([await b.placement.take("tea"), await b.placement.take("soup")]).toEqual([true, true]);

  // What it has given up it does not take again, and does not mistake for lost.
  expect(await a.placement.take("tea")).toBe(false);
  await a.placement.renew();
  expect(a.lost).toEqual([]);
  await a.placement.stop();
  expect([await holderOf("tea"), await holderOf("soup")]).toEqual(["b", "b"]);
  expect([await recordOf("a"), await redis.client.smembers(STAGE_NODES_REDIS_KEY)]).toEqual([null, ["b"]]);
  await b.placement.stop();
  expect([await holderOf("tea"), await holderOf("soup")]).toEqual([null, null]);
});

it("leaves a room alone that another node has taken meanwhile", async () => {
  const [a, b] = [makeNode("a", ["rice"]), makeNode("b", ["rice"])];
  await a.placement.take("rice");
  // As after a while without Redis.
  await redis.client.del(stagePlaceRedisKey("rice"));
  await b.placement.take("rice");
  await a.placement.stop();
  expect(await holderOf("rice")).toBe("b");
  await b.placement.stop();
});

it("stops when Redis is away", async () => {
  const other = await startTestRedis();
  const placement = new Placement({
    ...{ nodeId: "c", redis: other.client, logger: silentLogger, url: () => "http://c" },
    ...{ packetsPerSecond: () => 0, rooms: () => new Set<string>(), onLost: () => {}, nowMs: () => performance.now() },
  });
  await placement.take("bread");
  await other.down();
  await placement.stop();
  await other.stop();
});

it("lets a browser go on at another stage process as soon as its own stops", async () => {
  const actor = encodeURIComponent(JSON.stringify({ userId: "mei", name: "Mei", role: "guest" }));
  const open = async (stage: TestStage): Promise<number> => {
    const response = await stage.call("GET", "/stage/corn/events", { headers: { "x-lianmai-actor": actor } });
    await response.body?.cancel();
    return response.status;
  };
  const [first, second] = [await startTestStage(redis.url), await startTestStage(redis.url)];
  expect([await open(first), await open(second)]).toEqual([200, 503]);
  await first.stop();
  expect(await open(second)).toBe(200);
  await second.stop();
});
