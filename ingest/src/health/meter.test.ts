import fc from "fast-check";
import { Value } from "typebox/value";
import { expect, test } from "vitest";
import { ingestHealthSchema } from "../contract.ts";
import { type AudioTag, parseAudioTag, parseVideoTag, type VideoTag } from "../flv/index.ts";
import { recordTags } from "../testing/ffmpeg.ts";
import { DRIFT_MIN_MS } from "./drift.ts";
import { FINDING_HOLD_MS } from "./findings.ts";
import { HealthMeter } from "./meter.ts";

const AAC_48K = Buffer.from([0x11, 0x90]);
const ASIDE = { timestampMs: 0, arrivalMs: 0, sizeBytes: 0 };

/** How a synthetic publisher differs from a good one: 1280x720, 30 fps, 3 Mbit/s, keyframe every 2 s, AAC at 48 kHz. */
interface Publisher {
  readonly seconds: number;
  readonly fps?: number;
  readonly fpsHint?: number;
  readonly gopMs?: number;
  readonly bitsPerSecond?: number;
  readonly bFrames?: boolean;
  readonly audio?: boolean;
  /** Timestamp and size of a frame at a media time. */
  readonly bend?: (mediaMs: number) => number;
  readonly swell?: (mediaMs: number) => number;
  readonly delay?: (mediaMs: number) => number;
  readonly skip?: (mediaMs: number) => boolean;
  readonly mute?: (mediaMs: number) => boolean;
}

/** Plays a publisher into a meter, looking every second; answers every look. */
function play(publisher: Publisher, meter = new HealthMeter({ startedMs: 0 }), fromMs = 0) {
  const {
    seconds,
    fps = 30,
    fpsHint = fps,
    gopMs = 2_000,
    bitsPerSecond = 3_000_000,
    bFrames = false,
    audio = true,
  } = publisher;
  const { bend = (ms) => ms, swell = () => 1, delay = () => 0, skip = () => false, mute = () => false } = publisher;
  const frameMs = 1_000 / fps;
  const sizeBytes = bitsPerSecond / 8 / fps;
  const tags: { readonly arrivalMs: number; readonly give: () => void }[] = [];
  let lastKeyMs = Number.NEGATIVE_INFINITY;
  for (let i = 0, mediaMs = 0; mediaMs < seconds * 1_000; i += 1, mediaMs = i * frameMs) {
    if (skip(mediaMs)) continue;
    const key = mediaMs - lastKeyMs >= gopMs - 1;
    if (key) lastKeyMs = mediaMs;
    const compositionMs = bFrames && i % 2 === 1 ? 66 : 0;
    const frame: VideoTag = { kind: "frame", codec: "h264", key, compositionMs, data: Buffer.alloc(1) };
    const arrivalMs = fromMs + mediaMs + delay(mediaMs);
    const times = { timestampMs: Math.floor(fromMs + bend(mediaMs)), arrivalMs, sizeBytes: sizeBytes * swell(mediaMs) };
    tags.push({ arrivalMs, give: () => meter.video(frame, times) });
  }
  for (let i = 0, mediaMs = 0; audio && mediaMs < seconds * 1_000; i += 1, mediaMs = (i * 1_024) / 48) {
    if (mute(mediaMs)) continue;
    const frame: AudioTag = { kind: "frame", codec: "aac", data: Buffer.alloc(1) };
    const arrivalMs = fromMs + mediaMs + delay(mediaMs);
    const times = { timestampMs: Math.floor(fromMs + bend(mediaMs)), arrivalMs, sizeBytes: 300 };
    tags.push({ arrivalMs, give: () => meter.audio(frame, times) });
  }
  meter.metadataSeen({ encoder: "OBS", width: 1_280, height: 720, fps: fpsHint });
  meter.audio({ kind: "config", codec: "aac", config: AAC_48K }, ASIDE);
  tags.sort((a, b) => a.arrivalMs - b.arrivalMs);
  const looks: ReturnType<HealthMeter["look"]>[] = [];
  let at = 0;
  for (let nowMs = fromMs + 1_000; nowMs <= fromMs + seconds * 1_000; nowMs += 1_000) {
    for (; (tags[at]?.arrivalMs ?? Number.POSITIVE_INFINITY) < nowMs; at += 1) tags[at]?.give();
    looks.push(meter.look(nowMs, 1_000_000 + nowMs));
  }
  return looks;
}

const codes = (looks: ReturnType<typeof play>) => [
  ...new Set(looks.flatMap(({ findings }) => findings.map(({ code }) => code))),
];

test("a good publisher is measured right and found nothing wrong with, for two minutes", () => {
  const looks = play({ seconds: 120 });
  expect(codes(looks)).toEqual([]);
  const last = looks.at(-1)!;
  expect(last).toMatchObject({
    width: 1_280,
    height: 720,
    keyframeIntervalMs: 2_000,
    bFrames: false,
    timestampJumps: 0,
    audioGaps: 0,
  });
  expect(last.fps).toBeCloseTo(30, 0);
  expect(last.videoBitsPerSecond).toBeGreaterThan(2_900_000);
  expect(last.videoBitsPerSecond).toBeLessThan(3_100_000);
  expect(Math.abs(last.driftPpm)).toBeLessThan(20);
  expect(Value.Check(ingestHealthSchema, { room: "r", sessionId: "s", ...last })).toBe(true);
});

test.each([
  ["a keyframe every ten seconds", { gopMs: 10_000 }, ["keyframe-interval-long"]],
  ["B-frames", { bFrames: true }, ["b-frames"]],
  ["too few bits", { bitsPerSecond: 300_000 }, ["bitrate-low"]],
  ["bits in bursts", { swell: (ms: number) => (ms % 3_000 < 1_000 ? 2.8 : 0.1) }, ["bitrate-unsteady"]],
  [
    "a third of the frames missing",
    { skip: (ms: number) => Math.round(ms / 33.333) % 3 === 1 },
    ["fps-low", "fps-uneven"],
  ],
  [
    "a leap in the timestamps",
    { bend: (ms: number) => (ms > 10_000 ? ms + 5_000 : ms) },
    ["timestamp-jump", "audio-gap"],
  ],
  ["timestamps that go back", { bend: (ms: number) => (ms > 10_000 ? ms - 2_000 : ms) }, ["timestamp-backwards"]],
  ["sound with holes", { mute: (ms: number) => ms % 5_000 > 4_700 }, ["audio-gap"]],
  ["no sound", { audio: false }, ["audio-missing"]],
  ["sound that stops", { mute: (ms: number) => ms > 10_000 }, ["audio-missing"]],
  [
    "a network that holds everything for a second now and then",
    { delay: (ms: number) => (ms % 4_000 > 3_000 ? 4_000 - (ms % 4_000) + 200 : 0) },
    ["late-arrival"],
  ],
] as const)("%s is named", (_, faults, expected) => {
  const found = codes(play({ seconds: 40, ...faults }));
  for (const code of expected) expect(found).toContain(code);
});

test.each([500, -800])("a clock that is off by %i ppm is measured after a minute, through jitter", (ppm) => {
  const random = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7];
  const looks = play({
    seconds: 150,
    bend: (ms) => ms * (1 + ppm / 1e6),
    delay: (ms) => (random[Math.floor(ms / 33) % random.length] ?? 0) * 3,
  });
  expect(looks[Math.floor(DRIFT_MIN_MS / 1_000) - 2]?.driftPpm).toBe(0);
  expect(Math.abs((looks.at(-1)?.driftPpm ?? 0) - ppm)).toBeLessThan(60);
  expect(codes(looks)).toEqual(["clock-drift"]);
});

test("each finding names a setting of OBS, appears after a while and goes after a good half minute", () => {
  const meter = new HealthMeter({ startedMs: 0 });
  const bad = play({ seconds: 20, bitsPerSecond: 300_000 }, meter);
  const first = bad.findIndex(({ findings }) => findings.length > 0);
  expect(first).toBeGreaterThanOrEqual(8);
  expect(bad.at(-1)?.findings[0]).toMatchObject({
    code: "bitrate-low",
    severity: "info",
    obsSetting: "Settings > Output > Streaming > Bitrate",
  });
  const good = play({ seconds: 60 }, meter, 20_000);
  const gone = good.findIndex(({ findings }) => findings.length === 0);
  expect(gone * 1_000).toBeGreaterThanOrEqual(FINDING_HOLD_MS - 1_000);
  expect(gone * 1_000).toBeLessThanOrEqual(FINDING_HOLD_MS + 8_000);
  expect(codes(good.slice(gone))).toEqual([]);
});

test("whatever comes, health stays within its schema and bounded", () => {
  const anyVideo = fc.record({
    timestampMs: fc.integer({ min: 0, max: 0xffffffff }),
    arrivalMs: fc.integer({ min: 0, max: 100_000 }),
    key: fc.boolean(),
    compositionMs: fc.integer({ min: -0x800000, max: 0x7fffff }),
    sizeBytes: fc.nat(4_000_000),
  });
  fc.assert(
    fc.property(
      fc.array(anyVideo, { maxLength: 60 }),
      fc.array(fc.uint8Array({ maxLength: 60 })),
      (frames, configs) => {
        const meter = new HealthMeter({ startedMs: 0 });
        for (const config of configs) {
          for (const codec of ["h264", "hevc", "av1"] as const) {
            meter.video({ kind: "config", codec, config: Buffer.from(config) }, ASIDE);
          }
          meter.audio({ kind: "config", codec: "aac", config: Buffer.from(config) }, ASIDE);
        }
        let nowMs = 0;
        for (const { key, compositionMs, ...times } of [...frames].sort((a, b) => a.arrivalMs - b.arrivalMs)) {
          nowMs = times.arrivalMs;
          meter.video({ kind: "frame", codec: "h264", key, compositionMs, data: Buffer.alloc(0) }, times);
          meter.audio({ kind: "frame", codec: "aac", data: Buffer.alloc(0) }, times);
        }
        const look = meter.look(nowMs, nowMs);
        expect(Value.Check(ingestHealthSchema, { room: "r", sessionId: "s", ...look })).toBe(true);
        expect(JSON.parse(JSON.stringify(look))).toEqual(look);
      },
    ),
  );
});

test.each([
  ["1280x720", 60, ["-bf", "0"], false],
  ["854x480", 15, ["-bf", "2"], true],
  ["190x106", 30, ["-bf", "0", "-profile:v", "baseline"], false],
  ["640x362", 30, ["-bf", "0", "-pix_fmt", "yuv444p"], false],
] as const)(
  "ffmpeg at %s, keyframe every %i frames: size, interval and B-frames are read from the stream",
  (size, gop, encoder, bFrames) => {
    const meter = new HealthMeter({ startedMs: 0 });
    for (const tag of recordTags({ seconds: 5, size, gop, encoder })) {
      const times = { timestampMs: tag.timestampMs, arrivalMs: tag.timestampMs, sizeBytes: tag.data.length };
      if (tag.type === "video") meter.video(parseVideoTag(tag.data), times);
      if (tag.type === "audio") meter.audio(parseAudioTag(tag.data), times);
    }
    const [width, height] = size.split("x").map(Number);
    expect(meter.look(5_000, 0)).toMatchObject({ width, height, bFrames, timestampJumps: 0, audioGaps: 0 });
    const interval = meter.look(5_000, 0).keyframeIntervalMs;
    expect(Math.abs(interval - (gop * 1_000) / 30)).toBeLessThanOrEqual(1);
  },
);
