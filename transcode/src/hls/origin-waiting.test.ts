import { request as httpRequest } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { codeOf, PLAYLIST, startTestOrigin, type TestOrigin } from "./testing/test-origin.ts";

let t: TestOrigin;

beforeEach(async () => {
  t = await startTestOrigin({ maxWaiting: 3 });
});

afterEach(() => t.close());

describe("blocking reload", () => {
  test("[6.2.5.2-M2] a part's request is answered when that part is out, to all who wait, with the same bytes", async () => {
    t.play(0, 70);
    const first = await t.park(`${PLAYLIST}?_HLS_msn=1&_HLS_part=1`, 1);
    const second = await t.park(`${PLAYLIST}?_HLS_msn=1&_HLS_part=1`, 2);
    const later = await t.park(`${PLAYLIST}?_HLS_msn=1&_HLS_part=2`, 3);
    t.play(70, 81);
    const [a, b] = [await first.answer, await second.answer];
    expect(a.body.toString()).toContain('p1-7.m4s"\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p1-8.m4s"');
    expect(b.body.equals(a.body)).toBe(true);
    expect(t.origin.waiting()).toBe(1);
    t.play(81, 91);
    expect((await later.answer).body.toString()).toContain("p1-8.m4s");
  });

  test("[6.2.5.2-M3] a part past a segment's end is the next segment's first", async () => {
    t.play(0, 120);
    const { answer } = await t.park(`${PLAYLIST}?_HLS_msn=1&_HLS_part=6`);
    t.play(120, 131);
    expect((await answer).body.toString()).toContain("p1-12.m4s");
  });

  test("[6.2.5.2-M6] [6.2.5.2-S1] what makes no sense is refused at once", async () => {
    t.play(0, 90);
    for (const [query, expected] of [
      ["_HLS_part=0", "part-without-msn"],
      ["_HLS_msn=3", "msn-too-far"],
      ["_HLS_msn=1&_HLS_part=12", "part-too-far"],
      ["_HLS_msn=x", "directive-invalid"],
      ["_HLS_msn=1&_HLS_msn=1", "directive-repeated"],
      ["_HLS_skip=NO", "skip-invalid"],
    ] as const) {
      const answer = await t.ask(`${PLAYLIST}?${query}`);
      expect([answer.status, codeOf(answer), answer.headers["cache-control"]]).toEqual([400, expected, "no-store"]);
      expect(answer.headers["content-type"]).toBe("application/problem+json");
    }
  });

  test("a part that does not come within hls.js' patience is answered with the unchanged playlist, not cacheable", async () => {
    t.play(0, 90);
    const unchanged = await t.text(PLAYLIST);
    const { answer } = await t.park(`${PLAYLIST}?_HLS_msn=1&_HLS_part=3`);
    t.clock.nowMs += 1_401;
    t.origin.tick();
    const { status, headers, body } = await answer;
    expect([status, headers["cache-control"], body.toString()]).toEqual([200, "no-store", unchanged]);
  });

  test("[6.2.5.2-S2] a segment that does not come within three target durations is 503", async () => {
    t.play(0, 90);
    const { answer } = await t.park(`${PLAYLIST}?_HLS_msn=1`);
    t.clock.nowMs += 5_999;
    t.origin.tick();
    expect(t.origin.waiting()).toBe(1);
    t.clock.nowMs += 2;
    t.origin.tick();
    const refused = await answer;
    expect([refused.status, codeOf(refused), refused.headers["retry-after"]]).toEqual([503, "not-updated", "1"]);
  });

  test("waiters are released by the end, by shedding, by their client, and bounded", async () => {
    t.play(0, 90);
    const ended = await t.park(`${PLAYLIST}?_HLS_msn=1&_HLS_part=3`, 1);
    const shed = await t.park("/live/test-room/prog1/180p/media.m3u8?_HLS_msn=1&_HLS_part=3", 2);
    const { port } = t;
    const leaving = httpRequest({ port, path: `${PLAYLIST}?_HLS_msn=1&_HLS_part=4` });
    leaving.on("error", () => undefined);
    leaving.end();
    await expect.poll(() => t.origin.waiting()).toBe(3);
    expect(await t.metrics.registry.metrics()).toMatch(/lianmai_origin_waiting_requests\{kind="playlist".*\} 3/);
    const refused = await t.ask(`${PLAYLIST}?_HLS_msn=1&_HLS_part=3`);
    expect([refused.status, codeOf(refused)]).toEqual([503, "too-many-waiting"]);
    leaving.destroy();
    await expect.poll(() => t.origin.waiting()).toBe(2);
    t.program.shed("180p");
    expect([(await shed.answer).status, codeOf(await shed.answer)]).toEqual([410, "rendition-gone"]);
    t.program.end();
    expect((await ended.answer).body.toString()).toContain("#EXT-X-ENDLIST");
    expect(t.origin.waiting()).toBe(0);
  });
});

describe("media", () => {
  test("[6.2.6-M1] [6.2.6-M2] the hinted part is waited for and comes whole", async () => {
    t.play(0, 90);
    const hint = /PRELOAD-HINT:TYPE=PART,URI="(.*)"/.exec(await t.text(PLAYLIST))?.[1] ?? "";
    const { answer } = await t.park(`/live/test-room/prog1/360p/${hint}`);
    t.play(90, 101);
    const { status, headers, body } = await answer;
    expect([status, headers["content-type"], headers["content-length"]]).toEqual([
      200,
      "video/mp4",
      String(body.length),
    ]);
    expect(body.equals((await t.ask(`/live/test-room/prog1/360p/${hint}`)).body)).toBe(true);
  });

  test("[6.2.6-M1] the hint at a segment's end is the next segment's first part", async () => {
    t.play(0, 120);
    expect(await t.text(PLAYLIST)).toContain('s1-1.m4s\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p1-12.m4s"');
    t.play(120, 131);
    expect(await t.text(PLAYLIST)).toContain('URI="p1-12.m4s",INDEPENDENT=YES');
  });

  test("[6.2.6-S2] [6.2.6-S3] what is not there and not hinted is 404; a hint that is not kept becomes one", async () => {
    t.play(0, 95);
    for (const [path, expected] of [
      ["prog1/360p/p1-10.m4s", "part-not-found"],
      ["prog1/360p/p2-9.m4s", "part-not-found"],
      ["prog1/360p/s1-1.m4s", "segment-not-found"],
      ["prog1/360p/i2.mp4", "init-not-found"],
      ["prog1/360p/i1-1.mp4", "init-not-found"],
      ["prog1/999p/media.m3u8", "rendition-unknown"],
      ["prog2/360p/media.m3u8", "program-gone"],
      ["thumbnail.jpg", "thumbnail-not-found"],
      ["prog1/360p/p1-07.m4s", "not-found"],
      ["prog1/360p/%2e%2e/x", "not-found"],
    ] as const) {
      const answer = await t.ask(`/live/test-room/${path}`);
      expect([path, answer.status, codeOf(answer), answer.headers["cache-control"]]).toEqual([
        path,
        404,
        expected,
        "public, max-age=1",
      ]);
    }
    expect(codeOf(await t.ask("/live/other-room/index.m3u8"))).toBe("room-not-live");
    const { answer } = await t.park("/live/test-room/prog1/360p/p1-9.m4s");
    // Cut short by the end, the part that was hinted is published after all; the next one is not.
    t.program.end();
    expect((await answer).status).toBe(200);
    expect(codeOf(await t.ask("/live/test-room/prog1/360p/p1-10.m4s"))).toBe("part-not-found");
  });

  test("[4.4.4.9-SAME] [6.2.1-M6] [6.2.1-M7] a segment is its parts, one after the other", async () => {
    t.play(0, 130);
    const parts = [];
    for (let part = 6; part < 12; part++) parts.push((await t.ask(`/live/test-room/prog1/360p/p1-${part}.m4s`)).body);
    const segment = await t.ask("/live/test-room/prog1/360p/s1-1.m4s");
    expect(segment.body.equals(Buffer.concat(parts))).toBe(true);
  });

  test("[6.2.2-M4] [6.2.2-M8] parts and segments stay for 15 s after their tags are gone", async () => {
    t.play(0, 60 * 9);
    expect(await t.text(PLAYLIST)).toContain("EXT-X-MEDIA-SEQUENCE:1\n");
    expect((await t.ask("/live/test-room/prog1/360p/p1-0.m4s")).status).toBe(200);
    t.clock.nowMs += 14_000;
    t.origin.tick();
    expect((await t.ask("/live/test-room/prog1/360p/s1-0.m4s")).status).toBe(200);
    t.clock.nowMs += 1_001;
    t.origin.tick();
    expect((await t.ask("/live/test-room/prog1/360p/p1-0.m4s")).status).toBe(404);
    expect((await t.ask("/live/test-room/prog1/360p/s1-0.m4s")).status).toBe(404);
    expect((await t.ask("/live/test-room/prog1/360p/s1-1.m4s")).status).toBe(200);
  });

  test("the newest thumbnail", async () => {
    t.program.thumbnail(Buffer.from("jpeg"));
    const { headers, body } = await t.ask("/live/test-room/thumbnail.jpg");
    expect([headers["content-type"], body.toString()]).toEqual(["image/jpeg", "jpeg"]);
  });
});
