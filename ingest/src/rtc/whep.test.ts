import { afterAll, beforeAll, expect, it } from "vitest";
import { programFeedRedisKey } from "../program-feed/index.ts";
import { RawClient } from "../testing/raw-client.ts";
import { eventually, startTestRedis, type TestRedis } from "../testing/redis.ts";
import { startTestStage, type TestStage } from "../testing/stage.ts";
import { WHEP_COMMANDS_CHANNEL, WHEP_VIEWER_HEADER, type WhepCommand, type WhepViewerFacts } from "../whep-contract.ts";

let redis: TestRedis;
let stage: TestStage;
beforeAll(async () => {
  redis = await startTestRedis();
  stage = await startTestStage(redis.url);
  for (const room of ["tea", "soup"]) {
    await redis.client.set(programFeedRedisKey(room), JSON.stringify({ url: "http://127.0.0.1:9/" }));
  }
});
afterAll(async () => {
  await stage?.stop();
  await redis?.stop();
});

const viewers = async (): Promise<number> =>
  Number(/^lianmai_stage_whep_viewers\S* (\d+)$/m.exec(await stage.metrics())?.[1]);
const tell = (command: WhepCommand) => redis.client.publish(WHEP_COMMANDS_CHANNEL, JSON.stringify(command));

/** A player that is connected to a room's program, as an edge names its viewer. */
async function watch(room: string, facts: Partial<WhepViewerFacts>) {
  const client = new RawClient([{ kind: "video", ssrc: 1 }]);
  const answer = await stage.call("POST", `/whep/${room}`, {
    headers: {
      "content-type": "application/sdp",
      [WHEP_VIEWER_HEADER]: encodeURIComponent(
        JSON.stringify({ marks: [], counts: true, isStaff: false, ...facts } satisfies WhepViewerFacts),
      ),
    },
    body: client.offer.replace("a=sendonly", "a=recvonly"),
  });
  expect(answer.status).toBe(201);
  client.answered(await answer.text());
  await client.connected;
  const session = answer.headers.get("location") ?? "";
  return {
    isThere: async () => {
      const headers = { "content-type": "application/trickle-ice-sdpfrag" };
      return (await stage.call("PATCH", session, { headers, body: "a=end-of-candidates\r\n" })).status === 204;
    },
    async close() {
      await stage.call("DELETE", session);
      client.close();
    },
  };
}

it("ends running sessions of those kept out, of their room alone", async () => {
  const ann = await watch("tea", { marks: ["d:one", "u:ann"] });
  const elsewhere = await watch("soup", { marks: ["d:one", "u:ann"] });
  const bob = await watch("tea", { marks: ["d:two", "u:bob"] });
  expect(await viewers()).toBe(3);
  await tell({ kind: "removed", room: "tea", marks: ["u:ann", "a:192.0.2.1"] });
  await eventually(async () => !(await ann.isThere()));
  expect([await elsewhere.isThere(), await bob.isThere(), await viewers()]).toEqual([true, true, 2]);
  for (const player of [ann, elsewhere, bob]) await player.close();
  expect(await viewers()).toBe(0);
}, 60_000);

it("ends all but staff and those named when real time is switched off", async () => {
  const stranger = await watch("tea", { marks: ["a:192.0.2.1"] });
  const named = await watch("tea", { marks: ["u:bob"], counts: false });
  const staff = await watch("tea", { marks: ["u:host"], counts: false, isStaff: true });
  await redis.client.publish(WHEP_COMMANDS_CHANNEL, "not JSON");
  await tell({ kind: "switched-off", room: "tea", but: ["u:bob"] });
  await eventually(async () => !(await stranger.isThere()));
  expect([await named.isThere(), await staff.isThere()]).toEqual([true, true]);
  for (const player of [stranger, named, staff]) await player.close();
}, 60_000);
