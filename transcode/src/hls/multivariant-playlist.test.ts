import { parse, setOptions } from "hls-parser";
import { expect, test } from "vitest";
import { type Variant, writeMultivariantPlaylist } from "./multivariant-playlist.ts";

setOptions({ strictMode: true });

const variant = (name: string, height: number, bitsPerSecond: number): Variant => ({
  uri: `prog1/${name}/media.m3u8`,
  peakBitsPerSecond: bitsPerSecond * 1.2,
  averageBitsPerSecond: bitsPerSecond,
  codecs: height > 0 ? ["avc1.4d401f", "mp4a.40.2"] : ["mp4a.40.2"],
  width: (height * 16) / 9,
  height,
  fps: 30,
});

const LADDER = [
  variant("audio", 0, 128_000),
  variant("360p", 360, 728_000),
  variant("1080p", 1080, 4_628_000),
  variant("720p", 720, 2_128_000),
];

test("[6.2.4-M1] [6.2.4-S1] starts with what most networks carry, then from the highest down, audio-only last", async () => {
  const text = writeMultivariantPlaylist(LADDER);
  await expect(text).toMatchFileSnapshot("golden/multivariant.m3u8");
  const parsed = parse(text);
  if (!parsed.isMasterPlaylist) throw new Error("not a multivariant playlist");
  expect(parsed.variants.map(({ uri }) => uri.split("/")[1])).toEqual(["720p", "1080p", "360p", "audio"]);
  for (const { codecs, resolution } of parsed.variants) {
    expect(codecs).toBe(resolution ? "avc1.4d401f,mp4a.40.2" : "mp4a.40.2");
  }
});

test("[4.4.6.2-BW] the peak is never stated below the average", () => {
  const text = writeMultivariantPlaylist([{ ...variant("360p", 360, 700_000), peakBitsPerSecond: 1 }]);
  expect(text).toContain("BANDWIDTH=700000,AVERAGE-BANDWIDTH=700000");
});

test("[6.2.1-S5] states no version, as nothing in it needs one", () => {
  expect(writeMultivariantPlaylist(LADDER)).not.toContain("EXT-X-VERSION");
});
