import fc from "fast-check";
import { expect, test } from "vitest";
import { recordTags } from "../testing/ffmpeg.ts";
import { parseAudioTag, parseVideoTag } from "./index.ts";

const bytes = fc.uint8Array({ maxLength: 64 }).map((data) => Buffer.from(data));

test("no body makes the parsers throw, and what they hand on is not empty", () => {
  fc.assert(
    fc.property(bytes, (data) => {
      for (const parsed of [parseVideoTag(data), parseAudioTag(data)]) {
        if (parsed.kind === "frame") expect(parsed.data.length).toBeGreaterThan(0);
        if (parsed.kind === "config") expect(parsed.config.length).toBeGreaterThan(0);
      }
    }),
    { numRuns: 2_000 },
  );
});

test("ffmpeg's tags: one configuration each, then frames, the first a keyframe", () => {
  const tags = recordTags({ seconds: 1, gop: 10, encoder: ["-bf", "2"] });
  const video = tags.filter(({ type }) => type === "video").map(({ data }) => parseVideoTag(data));
  const audio = tags.filter(({ type }) => type === "audio").map(({ data }) => parseAudioTag(data));
  expect(video[0]).toMatchObject({ kind: "config", codec: "h264" });
  expect(audio[0]).toMatchObject({ kind: "config", codec: "aac" });
  const frames = video.filter((tag) => tag.kind === "frame");
  expect(frames.map(({ key }) => key).flatMap((key, i) => (key ? [i] : []))).toEqual([0, 10, 20]);
  expect(new Set(frames.map(({ compositionMs }) => compositionMs)).size).toBeGreaterThan(1);
  expect(video.at(-1)).toEqual({ kind: "other" });
});

const fourcc = (head: number, name: string, body: readonly number[]) =>
  Buffer.from([head, ...Buffer.from(name), ...body]);

test.each([
  ["hvc1 sequence start", fourcc(0x90, "hvc1", [1]), { kind: "config", codec: "hevc", config: Buffer.from([1]) }],
  [
    "hvc1 coded frames, with a negative composition time",
    fourcc(0x91, "hvc1", [0xff, 0xff, 0xfe, 7]),
    { kind: "frame", codec: "hevc", key: true, compositionMs: -2, data: Buffer.from([7]) },
  ],
  [
    "hvc1 coded frames X, without one",
    fourcc(0xa3, "hvc1", [7]),
    { kind: "frame", codec: "hevc", key: false, compositionMs: 0, data: Buffer.from([7]) },
  ],
  [
    "av01 coded frames, never with one",
    fourcc(0x91, "av01", [1, 2, 3, 4]),
    { kind: "frame", codec: "av1", key: true, compositionMs: 0, data: Buffer.from([1, 2, 3, 4]) },
  ],
  ["avc1 sequence start", fourcc(0x90, "avc1", [1]), { kind: "config", codec: "h264", config: Buffer.from([1]) }],
  ["HDR metadata", fourcc(0x94, "hvc1", [1, 2]), { kind: "other" }],
  ["VP9", fourcc(0x90, "vp09", [1]), { kind: "unsupported", name: '"vp09"' }],
  ["Sorenson H.263", Buffer.from([0x12, 0, 0]), { kind: "unsupported", name: "FLV codec 2" }],
])("video: %s", (_, data, expected) => {
  expect(parseVideoTag(data)).toEqual(expected);
});

test.each([
  [
    "AAC configuration",
    Buffer.from([0xaf, 0, 0x11, 0x90]),
    { kind: "config", codec: "aac", config: Buffer.from([0x11, 0x90]) },
  ],
  ["AAC frame", Buffer.from([0xaf, 1, 5]), { kind: "frame", codec: "aac", data: Buffer.from([5]) }],
  [
    "mp4a configuration",
    fourcc(0x90, "mp4a", [0x11, 0x90]),
    { kind: "config", codec: "aac", config: Buffer.from([0x11, 0x90]) },
  ],
  ["Opus", fourcc(0x90, "Opus", [1]), { kind: "unsupported", name: '"Opus"' }],
  ["MP3", Buffer.from([0x2f, 1, 2]), { kind: "unsupported", name: "FLV sound format 2" }],
  ["AAC without a body", Buffer.from([0xaf, 1]), { kind: "other" }],
])("audio: %s", (_, data, expected) => {
  expect(parseAudioTag(data)).toEqual(expected);
});
