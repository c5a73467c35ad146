import { afterAll, beforeAll, expect, it } from "vitest";
import { eventually, startTestRedis, type TestRedis } from "../testing/redis.ts";
import { createRaidWatch } from "./raid.ts";
import { shareRaids } from "./share-raids.ts";

let redis: TestRedis;
beforeAll(async () => {
  redis = await startTestRedis();
});
afterAll(() => redis.stop());

it("a raid spread over two edges is seen by both, whatever else is said on the channel", async () => {
  const edges = [0, 1].map(() => {
    const watch = createRaidWatch();
    const { client, subscriber } = redis;
    const onSighting = (_room: string, sighting: Parameters<typeof watch.saw>[0]) => void watch.saw(sighting, 0);
    return { watch, shared: shareRaids({ redis: client, subscriber, onSighting }) };
  });
  await redis.client.publish("edge:raid-sightings", "{nonsense");
  for (let at = 0; at < 18; at += 1) {
    const sighting = { userId: `stranger ${at}`, known: false, text: `hello ${at}` };
    edges[at % 2]?.watch.saw(sighting, 0);
    edges[at % 2]?.shared.note("room", sighting);
  }
  expect(edges.map(({ watch }) => watch.view(0).state)).toEqual(["calm", "calm"]);
  await eventually(() => edges.every(({ watch }) => watch.view(0).state === "suspected"));
  for (const { shared } of edges) shared.stop();
});
