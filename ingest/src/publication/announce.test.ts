import { expect, test } from "vitest";
import { AUDIO_WAIT_MS, announceable, VIDEO_WAIT_MS } from "./announce.ts";

const nothing = { videoCodec: undefined, audioCodec: undefined, firstKeyAtMs: undefined, firstAudioAtMs: undefined };

test.each([
  ["nothing yet", nothing, 60_000, undefined],
  ["headers without a keyframe", { ...nothing, videoCodec: "h264", audioCodec: "aac" }, 60_000, undefined],
  [
    "both",
    { ...nothing, videoCodec: "h264", audioCodec: "aac", firstKeyAtMs: 100 },
    100,
    { videoCodec: "h264", audioCodec: "aac" },
  ],
  [
    "a picture whose sound may still come",
    { ...nothing, videoCodec: "hevc", firstKeyAtMs: 100 },
    99 + AUDIO_WAIT_MS,
    undefined,
  ],
  [
    "a picture without sound",
    { ...nothing, videoCodec: "hevc", firstKeyAtMs: 100 },
    100 + AUDIO_WAIT_MS,
    { videoCodec: "hevc", audioCodec: "none" },
  ],
  [
    "sound whose picture may still come",
    { ...nothing, audioCodec: "aac", firstAudioAtMs: 5 },
    4 + VIDEO_WAIT_MS,
    undefined,
  ],
  [
    "sound only",
    { ...nothing, audioCodec: "aac", firstAudioAtMs: 5 },
    5 + VIDEO_WAIT_MS,
    { videoCodec: "none", audioCodec: "aac" },
  ],
] as const)("%s", (_, facts, nowMs, expected) => {
  expect(announceable(facts, nowMs)).toEqual(expected);
});
