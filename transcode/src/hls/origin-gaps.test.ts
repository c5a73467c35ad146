import { parse, setOptions } from "hls-parser";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { configure, feed, feedPicture, feedSound, testProgram } from "./testing/material.ts";
import { codeOf, MATERIAL, PLAYLIST, startTestOrigin, type TestOrigin } from "./testing/test-origin.ts";

setOptions({ strictMode: true });

let t: TestOrigin;

beforeEach(async () => {
  t = await startTestOrigin({ maxWaiting: 3 });
});

afterEach(() => t.close());

describe("gaps and discontinuities", () => {
  test("[6.2.1-S2] [6.2.1-M3] [6.2.1-M4] missing media is listed as a gap, numbers go on", async () => {
    t.play(0, 100);
    for (let index = 100; index < 290; index++) feedSound(t.program, MATERIAL, index);
    for (let index = 270; index < 290; index++) feedPicture(t.program, MATERIAL, index);
    for (let index = 290; index < 301; index++) t.play(index, index + 1);
    const playlist = await t.text(PLAYLIST);
    parse(playlist);
    expect(playlist).toContain("#EXT-X-GAP\n#EXTINF:1.99998,\ns1-2.m4s");
    expect(playlist).toContain('URI="p1-20.m4s",GAP=YES\n');
    expect(playlist).toContain('URI="p1-27.m4s",INDEPENDENT=YES\n');
    expect(codeOf(await t.ask("/live/test-room/prog1/360p/s1-2.m4s"))).toBe("segment-not-found");
    expect(await t.text("/live/test-room/prog1/audio/media.m3u8")).not.toContain("GAP");
  });

  test("[6.2.1-M5] [6.2.1-S6] [6.2.4-M2c] [6.2.2-M9] [6.2.2-M10] a discontinuity is marked alike in all renditions, and counted when it leaves", async () => {
    t.play(0, 75);
    t.program.discontinuity(100);
    t.play(120, 420);
    const seen = new Set<string>();
    for (const name of ["360p", "180p", "audio"]) {
      const playlist = await t.text(`/live/test-room/prog1/${name}/media.m3u8`);
      parse(playlist);
      seen.add(playlist.slice(0, playlist.indexOf("s1-2.m4s")));
    }
    expect([...seen]).toHaveLength(1);
    expect([...seen][0]).toContain("#EXTINF:0.50000,\ns1-1.m4s\n#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM-DATE-TIME");
    t.play(420, 60 * 14);
    expect(await t.text(PLAYLIST)).toContain("#EXT-X-DISCONTINUITY-SEQUENCE:1\n");
  });

  test("[6.2.1-M5] new encoding parameters come with their own initialization section, after a discontinuity", async () => {
    t.play(0, 75);
    const other = Buffer.from(MATERIAL.avcC);
    other.writeUInt8(0x20, 3);
    t.program.videoConfig("360p", other);
    t.play(75, 260);
    const playlist = await t.text(PLAYLIST);
    parse(playlist);
    expect(playlist).toContain('s1-1.m4s\n#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI="i1-1.mp4"\n');
    expect(await t.text("/live/test-room/prog1/180p/media.m3u8")).toContain(
      "s1-1.m4s\n#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM",
    );
    expect((await t.ask("/live/test-room/prog1/360p/i1-1.mp4")).body.includes(other)).toBe(true);
  });

  test("an epoch may begin inside a segment: that segment is short, and its number still the grid's", async () => {
    const next = testProgram(t.clock, { epoch: 2, firstIndex: 90, discontinuitySequence: 4 });
    configure(next, MATERIAL);
    next.discontinuity(90);
    t.origin.add(next);
    feed(next, MATERIAL, { from: 90, to: 185, clock: t.clock });
    const playlist = await t.text(PLAYLIST);
    parse(playlist);
    expect(playlist).toContain(
      '#EXT-X-MEDIA-SEQUENCE:1\n#EXT-X-DISCONTINUITY-SEQUENCE:4\n#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI="i2.mp4"',
    );
    expect(playlist).toContain("#EXTINF:0.99998,\ns2-1.m4s");
    expect((await t.ask("/live/test-room/prog1/360p/p2-9.m4s")).status).toBe(200);
  });
});
