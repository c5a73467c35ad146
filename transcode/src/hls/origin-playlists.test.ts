import { gunzipSync } from "node:zlib";
import { parse, setOptions } from "hls-parser";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { codeOf, PLAYLIST, startTestOrigin, type TestOrigin } from "./testing/test-origin.ts";

setOptions({ strictMode: true });

let t: TestOrigin;

beforeEach(async () => {
  t = await startTestOrigin({ maxWaiting: 3 });
});

afterEach(() => t.close());

describe("playlists", () => {
  test("[B-PDT] [6.2.1-M8] [6.2.1-M2] [6.2.4-M2d] [6.2.4-M2h] [6.2.4-M2j] all renditions list the same cuts", async () => {
    t.play(0, 400);
    const shapes = [];
    for (const name of ["360p", "180p", "audio"]) {
      const playlist = await t.text(`/live/test-room/prog1/${name}/media.m3u8`);
      parse(playlist);
      shapes.push(playlist.replaceAll(",INDEPENDENT=YES", "").replace(/^#EXT-X-RENDITION-REPORT.*\n/gm, ""));
    }
    expect(shapes[1]).toBe(shapes[0]);
    expect(shapes[2]).toBe(shapes[0]);
  });

  test("[4.4.4.9-IND] a part that starts with a keyframe is independent; of sound alone, every part is", async () => {
    t.play(0, 165);
    const video = await t.text(PLAYLIST);
    expect(video).toMatch(/p1-12\.m4s",INDEPENDENT=YES\n.*p1-13\.m4s"\n.*p1-14\.m4s"\n.*p1-15\.m4s",INDEPENDENT=YES/);
    const audio = await t.text("/live/test-room/prog1/audio/media.m3u8");
    expect(audio.match(/INDEPENDENT=YES/g)?.length).toBe(audio.match(/EXT-X-PART:/g)?.length);
  });

  test("[6.2.2-M1] [6.2.2-M2] [6.2.2-M6] [6.2.2-S1] the window slides by whole segments and lists the newest parts", async () => {
    t.play(0, 60 * 20 + 25);
    const playlist = parse(await t.text(PLAYLIST));
    if (playlist.isMasterPlaylist) throw new Error("not a media playlist");
    const seconds = playlist.segments.reduce((sum, segment) => sum + (segment.uri ? segment.duration : 0), 0);
    expect(seconds).toBeGreaterThan(15.9);
    expect(playlist.mediaSequenceBase).toBe(12);
    expect(playlist.segments.filter((segment) => segment.parts.length > 0)).toHaveLength(3);
  });

  test("[4.4.5.4-RR] [B-RR] reports where every other living rendition is", async () => {
    t.play(0, 85);
    t.program.shed("180p");
    t.play(85, 95);
    expect(await t.text(PLAYLIST)).toContain(
      '#EXT-X-RENDITION-REPORT:URI="../audio/media.m3u8",LAST-MSN=1,LAST-PART=2',
    );
    expect(await t.text(PLAYLIST)).not.toContain("180p");
  });

  test("[6.2.1-S4] compresses for those who take it", async () => {
    t.play(0, 90);
    const plain = await t.ask(PLAYLIST);
    const zipped = await t.ask(PLAYLIST, { headers: { "Accept-Encoding": "br, gzip;q=0.8" } });
    expect(plain.headers["content-encoding"]).toBeUndefined();
    expect(zipped.headers["content-encoding"]).toBe("gzip");
    expect(zipped.headers.vary).toBe("Accept-Encoding");
    expect(gunzipSync(zipped.body).equals(plain.body)).toBe(true);
    expect(
      (await t.ask(PLAYLIST, { headers: { "Accept-Encoding": "gzip;q=0" } })).headers["content-encoding"],
    ).toBeUndefined();
  });

  test("[6.2.5.1-M1] [6.2.5.1-M4] a delta update leaves out what lies before the skip boundary, and nothing else", async () => {
    t.play(0, 60 * 12);
    const full = await t.text(PLAYLIST);
    for (const value of ["YES", "v2"]) {
      const delta = await t.text(`${PLAYLIST}?_HLS_skip=${value}`);
      expect(delta).toContain("#EXT-X-SKIP:SKIPPED-SEGMENTS=2\n");
      expect(delta).not.toContain("EXT-X-MAP");
      const tail = full.slice(full.indexOf("s1-5.m4s") + "s1-5.m4s".length);
      expect(delta.endsWith(tail)).toBe(true);
      parse(delta);
    }
  });

  test("[6.2.5.1-M5] [6.2.5.2-M5] [6.2.1-M20] after the end: ENDLIST, and directives are ignored", async () => {
    t.play(0, 60 * 12 + 15);
    t.program.end();
    const plain = await t.text(PLAYLIST);
    expect(plain).toMatch(/#EXTINF:0\.50000,\ns1-12\.m4s\n#EXT-X-ENDLIST\n$/);
    for (const query of ["_HLS_skip=YES", "_HLS_msn=999", "_HLS_part=4", "_HLS_msn=junk"]) {
      expect(await t.text(`${PLAYLIST}?${query}`)).toBe(plain);
    }
    parse(plain);
  });

  test("[6.2.4-S1] the multivariant playlist waits for all renditions' first segments", async () => {
    const { answer } = await t.park("/live/test-room/index.m3u8");
    t.play(0, 62);
    const { status, body } = await answer;
    expect(status).toBe(200);
    expect(body.toString().match(/media\.m3u8/g)).toHaveLength(3);
    t.program.shed("180p");
    expect(await t.text("/live/test-room/index.m3u8")).not.toContain("180p");
  });

  test("a t.program that never starts is not waited for beyond its budget", async () => {
    const { answer } = await t.park("/live/test-room/index.m3u8");
    t.clock.nowMs += 5_001;
    t.origin.tick();
    const refused = await answer;
    expect([refused.status, codeOf(refused), refused.headers["retry-after"]]).toEqual([503, "program-starting", "1"]);
  });
});
