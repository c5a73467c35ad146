/** WebRTC publishers in a program on a virtual clock: read back from bar codes and beeps. */
import { beforeAll, describe, expect, test } from "vitest";
import type { Rect } from "../picture/scene.ts";
import { makeRtpMedia, type RtpMedia } from "./make-rtp-media.ts";
import { areaOffsets, beepTimes, countSteps, lipSyncOffsets, stepsOf } from "./measure.ts";
import { type RtpNetworkOptions, rtpArrivals } from "./rtp-network.ts";
import { type RecordedPicture, VirtualProgram } from "./virtual-program.ts";

const FORMAT = { width: 256, height: 144, fps: 30 };
const ZERO_MS = 100_000;
const LIP_SYNC_MS = 45;
const SECONDS = 30;
let h264: RtpMedia;
let vp8: RtpMedia;

beforeAll(async () => {
  const options = { width: 256, height: 144, fps: 30, seconds: SECONDS, gop: 15 } as const;
  [h264, vp8] = await Promise.all([
    makeRtpMedia({ codec: "h264", ...options }),
    makeRtpMedia({ codec: "vp8", ...options }),
  ]);
}, 60_000);

function run(
  media: RtpMedia,
  network: Partial<RtpNetworkOptions> = {},
  seconds = SECONDS,
): { program: VirtualProgram; losses: { video: number; audio: number; concealed: number } } {
  const program = new VirtualProgram({ format: FORMAT, zeroMs: ZERO_MS });
  const source = program.rtpSource("guest");
  program.engine.setSolo(source);
  program.receive(source, rtpArrivals(media, { startMs: ZERO_MS + 300, seconds, ...network }));
  program.run(ZERO_MS + seconds * 1_000);
  program.engine.close();
  return { program, losses: source.losses };
}

const between = (program: VirtualProgram, fromS: number, toS: number): RecordedPicture[] =>
  program.pictures.filter(({ index }) => index >= fromS * 30 && index < toS * 30);

function expectInSync(program: VirtualProgram, options: { fromS: number; least: number }): void {
  const offsets = lipSyncOffsets(program).filter(({ atMs }) => atMs >= options.fromS * 1_000);
  expect(offsets.length).toBeGreaterThanOrEqual(options.least);
  for (const { offsetMs } of offsets) expect(Math.abs(offsetMs)).toBeLessThan(LIP_SYNC_MS);
}

describe("a browser's media", () => {
  for (const codec of ["h264", "vp8"] as const) {
    test(`${codec}: every picture once, in sync, announced with its size`, () => {
      const { program } = run(codec === "h264" ? h264 : vp8, { jitterMs: 10 });
      const settled = between(program, 6, 29);
      expect(countSteps(settled)).toEqual({ 1: settled.length - 1 });
      expectInSync(program, { fromS: 2, least: 24 });
      const announced = program.events.map(({ text }) => text).join();
      expect(announced).toContain('"width":256,"height":144,"fps":30,"hasAudio":true');
    });
  }

  test("parameter sets in packets of their own decode as well", () => {
    const { program } = run(h264, { parameterSets: "apart" });
    const settled = between(program, 6, 29);
    expect(countSteps(settled)).toEqual({ 1: settled.length - 1 });
  });

  for (const driftPpm of [100, -100]) {
    test(`clocks ${driftPpm} ppm off, the sound card as much again: no picture twice, in sync`, () => {
      const { program } = run(h264, { driftPpm, audioDriftPpm: driftPpm, jitterMs: 20 });
      const settled = between(program, 8, 29);
      expect(countSteps(settled)[2] ?? 0).toBeLessThanOrEqual(1);
      expect(countSteps(settled)[0] ?? 0).toBeLessThanOrEqual(1);
      expectInSync(program, { fromS: 8, least: 18 });
    });
  }

  test("reports that come 5 s late change nothing that is seen, and never may", () => {
    const late = run(h264, { reportMs: { audio: 5_000, video: 4_000 } }).program;
    expectInSync(late, { fromS: 6, least: 20 });
    const never = run(h264, { reportMs: { audio: 1e9, video: 1e9 } }).program;
    expectInSync(never, { fromS: 2, least: 24 });
    const settled = between(never, 6, 29);
    expect(countSteps(settled)).toEqual({ 1: settled.length - 1 });
  });
});

describe("a microphone that stalls, unknown to its timestamps", () => {
  test("for a moment: in sync again with the next report", () => {
    const stalls = [6_010, 11_010, 16_010].map((atMs) => ({ atMs, ms: 160 }));
    const { program } = run(h264, { microphoneStalls: stalls, reportMs: { audio: 1_900, video: 1_000 } });
    // Reports of the sound leave at 6.9, 11.9, 16.9 and 21.9 s.
    const offsets = lipSyncOffsets(program).filter(({ atMs }) => atMs > 6_000);
    const apart = offsets.filter(({ offsetMs }) => Math.abs(offsetMs) >= LIP_SYNC_MS);
    expect(offsets.length).toBeGreaterThan(18);
    expect(apart.length).toBeLessThanOrEqual(stalls.length);
  });

  for (const reportAudioMs of [12_900, 1e9]) {
    test(`for more than any delay, sound reported ${reportAudioMs < 1e6 ? "4.9 s later" : "never"}: heard at once`, () => {
      const { program } = run(h264, {
        ...{ microphoneStalls: [{ atMs: 8_010, ms: 1_000 }], reportMs: { audio: reportAudioMs, video: 1_000 } },
      });
      const beeps = beepTimes(program).filter((atMs) => atMs > 9_500);
      expect(beeps.length).toBeGreaterThan(18);
      const pauses = beeps.slice(1).map((atMs, at) => atMs - (beeps[at] ?? 0));
      expect(Math.max(...pauses)).toBeLessThan(1_500);
      expectInSync(program, { fromS: 11, least: 15 });
    });
  }
});

test("pictures stamped 130 ms early, as Chromium does for good once its machine was busy: in sync again in 30 s", () => {
  const { program } = run(h264, { picturesEarly: { fromMs: 8_000, ms: 130 }, jitterMs: 10 }, 58);
  expectInSync(program, { fromS: 40, least: 15 });
});

describe("a bad network", () => {
  test("3 % loss recovered by retransmission and 30 ms jitter: nearly every picture, in sync, sound made up for", () => {
    const { program, losses } = run(h264, { loss: 0.03, recoverMs: 40, jitterMs: 30, driftPpm: 100 });
    expect(losses.concealed).toBeGreaterThan(5);
    const steps = stepsOf(between(program, 8, 29));
    expect(steps.filter((step) => step === 1).length / steps.length).toBeGreaterThan(0.9);
    expect(steps.every((step) => step >= 0)).toBe(true);
    expectInSync(program, { fromS: 8, least: 16 });
  });

  test("lost pictures: the last one is held until a keyframe, never a broken one", () => {
    const { program, losses } = run(vp8, { loss: 0.01 });
    expect(losses.video).toBeGreaterThan(3);
    const settled = between(program, 3, 29);
    expect(settled.every(({ code }) => code !== null)).toBe(true);
    const steps = stepsOf(settled);
    expect(steps.every((step) => step >= 0 && step <= 16)).toBe(true);
    expect(program.engine.stats({ droppedRecords: 0 }).decodeErrors).toBe(0);
  });

  test("a publisher away for two seconds comes back by itself", () => {
    const { program } = run(h264, { silences: [{ fromMs: 10_000, toMs: 12_000 }] });
    expect(program.events.map(({ text }) => text).filter((text) => !text.includes("format"))).toEqual([
      "on air: guest",
      "lost: guest: no picture",
      "on air: guest",
    ]);
    const settled = between(program, 16, 29);
    expect(countSteps(settled)).toEqual({ 1: settled.length - 1 });
    expectInSync(program, { fromS: 15, least: 10 });
  });
});

test("four publishers with clocks, codecs and troubles of their own are each in sync in one program", async () => {
  const pitches = [1_000, 1_400, 1_800, 2_200];
  const media = await Promise.all(
    pitches.map((hz, i) =>
      makeRtpMedia({ codec: i % 2 ? "vp8" : "h264", width: 128, height: 72, fps: 30, seconds: SECONDS, gop: 15, hz }),
    ),
  );
  const watch = pitches.map((_, i) => ({ x: (i % 2) * 128, y: Math.floor(i / 2) * 72, width: 128, height: 72 }));
  const program = new VirtualProgram({ format: FORMAT, zeroMs: ZERO_MS, watch });
  const troubles: Partial<RtpNetworkOptions>[] = [
    { jitterMs: 5 },
    { driftPpm: 100, loss: 0.03, recoverMs: 40, jitterMs: 30 },
    { audioDriftPpm: -100, jitterMs: 20 },
    { driftPpm: -100, reportMs: { audio: 5_000, video: 4_000 } },
  ];
  const sources = media.map((one, i) => {
    const source = program.rtpSource(`g${i}`);
    program.engine.addSource(source);
    const startMs = ZERO_MS + 100 + i * 170;
    program.receive(source, rtpArrivals(one, { startMs, seconds: SECONDS, seed: i + 1, ...troubles[i] }));
    return source;
  });
  program.engine.setScene({
    tiles: sources.map(({ sourceId }, i) => ({ sourceId, rect: watch[i] as Rect, fill: 0 })),
  });
  program.run(ZERO_MS + SECONDS * 1_000);
  program.engine.close();
  for (const [area, hz] of pitches.entries()) {
    const offsets = areaOffsets(program, { area, hz }).filter(({ atMs }) => atMs > 8_000);
    expect(offsets.length).toBeGreaterThan(15);
    for (const { offsetMs } of offsets) expect(Math.abs(offsetMs)).toBeLessThan(LIP_SYNC_MS);
  }
});
