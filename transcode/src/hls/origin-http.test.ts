import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { KEEP_ENDED_MS } from "./origin.ts";
import { codeOf, PLAYLIST, startTestOrigin, type TestOrigin } from "./testing/test-origin.ts";

let t: TestOrigin;

beforeEach(async () => {
  t = await startTestOrigin({ maxWaiting: 3 });
});

afterEach(() => t.close());

describe("HTTP", () => {
  test("[B-CACHE] caching: media for ever, satisfied playlists for six target durations, the live edge for a second", async () => {
    t.play(0, 100);
    for (const [path, expected] of [
      ["prog1/360p/i1.mp4", "public, max-age=3600, immutable"],
      ["prog1/360p/p1-3.m4s", "public, max-age=3600, immutable"],
      ["prog1/360p/s1-0.m4s", "public, max-age=3600, immutable"],
      ["prog1/360p/media.m3u8?_HLS_msn=1&_HLS_part=0", "public, max-age=12"],
      ["prog1/360p/media.m3u8", "public, max-age=0, s-maxage=1"],
      ["index.m3u8", "public, max-age=0, s-maxage=1"],
    ] as const) {
      const { status, headers, body } = await t.ask(`/live/test-room/${path}`);
      expect([path, status, headers["cache-control"]]).toEqual([path, 200, expected]);
      expect(headers["access-control-allow-origin"]).toBe("*");
      expect(headers["access-control-expose-headers"]).toContain("Age");
      expect(headers["content-length"]).toBe(String(body.length));
    }
  });

  test("HEAD is GET without a body, OPTIONS a preflight, other methods are refused", async () => {
    t.play(0, 70);
    const get = await t.ask(PLAYLIST);
    const head = await t.ask(PLAYLIST, { method: "HEAD" });
    expect([head.status, head.headers["content-length"], head.body.length]).toEqual([
      200,
      get.headers["content-length"],
      0,
    ]);
    const segment = await t.ask("/live/test-room/prog1/360p/s1-0.m4s", { method: "HEAD" });
    expect([segment.status, segment.body.length]).toEqual([200, 0]);
    const options = await t.ask(PLAYLIST, { method: "OPTIONS" });
    expect([options.status, options.headers["access-control-allow-methods"]]).toEqual([204, "GET, HEAD, OPTIONS"]);
    for (const method of ["POST", "PUT", "DELETE"]) {
      const refused = await t.ask(PLAYLIST, { method });
      expect([refused.status, codeOf(refused), refused.headers.allow]).toEqual([
        405,
        "method-not-allowed",
        "GET, HEAD, OPTIONS",
      ]);
    }
    expect(codeOf(await t.ask(`${PLAYLIST}?${"x".repeat(3_000)}`))).toBe("uri-too-long");
    expect((await t.ask("/elsewhere")).status).toBe(418);
  });

  test("[6.2.1-M24] [6.2.1-S8] an ended t.program stays for a minute, then it is gone", async () => {
    t.play(0, 130);
    t.program.end();
    t.clock.nowMs += KEEP_ENDED_MS - 1;
    t.origin.tick();
    expect((await t.ask("/live/test-room/prog1/360p/s1-1.m4s")).status).toBe(200);
    t.clock.nowMs += 2;
    t.origin.tick();
    expect(codeOf(await t.ask("/live/test-room/index.m3u8"))).toBe("room-not-live");
    expect(codeOf(await t.ask(PLAYLIST))).toBe("room-not-live");
  });
});
