import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { announceProgram, programRecord, startTestEdge, type TestEdge } from "../testing/edge.ts";
import { startTestOrigin, type TestOrigin } from "../testing/origin.ts";
import { eventually, startTestRedis, type TestRedis } from "../testing/redis.ts";

let redis: TestRedis;
let origin: TestOrigin;
let busy: TestEdge;
beforeAll(async () => {
  redis = await startTestRedis();
  origin = await startTestOrigin();
  busy = await startTestEdge(redis, { deliveryLimits: { minViewersToShed: 1 } });
  await announceProgram(redis, programRecord("hall", { originUrl: origin.url }));
});
afterAll(async () => {
  await busy.stop();
  await origin.stop();
  await redis.stop();
});

describe("shedding", () => {
  it("refuses new viewers only, while the edge is late", async () => {
    const index = (v: string) => fetch(`${busy.url}/live/hall/index.m3u8?v=${v}`);
    await eventually(async () => (await index("old")).status === 200);
    const shed = await eventually(async () => {
      // a blocked event loop is what a burst too large looks like
      const until = performance.now() + 200;
      while (performance.now() < until);
      await new Promise((resolve) => setTimeout(resolve, 60));
      expect((await index("old")).status).toBe(200);
      const response = await index(`new${Math.random().toString(36).slice(2)}`);
      return response.status === 503 && response;
    });
    expect(await shed.json()).toMatchObject({ code: "overloaded" });
    expect(Number(shed.headers.get("retry-after"))).toBeGreaterThanOrEqual(2);
    await eventually(async () => (await index("later")).status === 200);
  });

  it("does so too while there is no rest between short turns, and only at a playlist that is there", async () => {
    const get = (path: string) => fetch(`${busy.url}/live/hall/${path}`).then(({ status }) => status);
    const some = () => `v=new${Math.random().toString(36).slice(2)}`;
    const { programId } = programRecord("hall", { originUrl: origin.url });
    await eventually(async () => (await get(`index.m3u8?${some()}`)) === 200);
    let working = true;
    // no turn is late by itself: a timer is looked at after each
    const turn = () => {
      const until = performance.now() + 10;
      while (performance.now() < until);
      if (working) setImmediate(turn);
    };
    setImmediate(turn);
    try {
      await eventually(async () => (await get(`index.m3u8?${some()}`)) === 503);
      expect(await get(`${programId}/720p/media.m3u8?_HLS_msn=1&${some()}`)).toBe(200);
      expect(await get(`${programId}/nothing/media.m3u8?${some()}`)).not.toBe(503);
      expect(await get(`${programId}/720p/m0.m3u8?${some()}`)).not.toBe(503);
    } finally {
      working = false;
    }
    await eventually(async () => (await get(`index.m3u8?${some()}`)) === 200);
  });
});
