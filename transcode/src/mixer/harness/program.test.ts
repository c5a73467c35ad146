/** The whole mixer on a virtual clock: what comes out is read back from bar codes and beeps. */
import type { FlvTag } from "@lianmai/ingest/flv";
import { beforeAll, describe, expect, test } from "vitest";
import { arrivalsOf, type NetworkOptions, shiftTags } from "./arrivals.ts";
import { makeMedia } from "./make-media.ts";
import { countSteps, lipSyncOffsets, stepsOf } from "./measure.ts";
import { type RecordedPicture, VirtualProgram } from "./virtual-program.ts";

const WIDTH = 256;
const HEIGHT = 144;
const ZERO_MS = 100_000;
const LIP_SYNC_MS = 45;

let media30: FlvTag[];
let mediaB: FlvTag[];

beforeAll(async () => {
  [media30, mediaB] = await Promise.all([
    makeMedia({ width: WIDTH, height: HEIGHT, fps: 30, seconds: 66 }),
    makeMedia({ width: WIDTH, height: HEIGHT, fps: 30, seconds: 12, bFrames: 2 }),
  ]);
}, 60_000);

interface Run {
  readonly tags: readonly FlvTag[];
  readonly network?: Omit<NetworkOptions, "startMs">;
  readonly seconds: number;
  readonly fps?: number;
  readonly sourceFps?: number;
  readonly width?: number;
  readonly height?: number;
}

/** A solo program whose source starts half a second in. */
function runSolo({
  tags,
  network = {},
  seconds,
  fps = 30,
  sourceFps = 30,
  width = WIDTH,
  height = HEIGHT,
}: Run): VirtualProgram {
  const program = new VirtualProgram({ format: { width, height, fps }, zeroMs: ZERO_MS });
  const source = program.source("host", { fpsHint: sourceFps });
  program.engine.setSolo(source);
  program.deliver(source, arrivalsOf(tags, { startMs: ZERO_MS + 510, ...network }));
  program.run(ZERO_MS + seconds * 1_000);
  program.engine.close();
  return program;
}

const between = (program: VirtualProgram, fromS: number, toS: number): RecordedPicture[] =>
  program.pictures.filter(({ index }) => index >= fromS * program.format.fps && index < toS * program.format.fps);

function expectInSync(program: VirtualProgram, options: { fromS: number; least: number }): void {
  const offsets = lipSyncOffsets(program).filter(({ atMs }) => atMs >= options.fromS * 1_000);
  expect(offsets.length).toBeGreaterThanOrEqual(options.least);
  for (const { offsetMs } of offsets) expect(Math.abs(offsetMs)).toBeLessThan(LIP_SYNC_MS);
}

describe("a source of the program's rate", () => {
  for (const driftPpm of [0, 100, -100]) {
    test(`${driftPpm} ppm for 64 s: no picture twice, none left out, in sync`, () => {
      const program = runSolo({ tags: media30, network: { driftPpm, jitterMs: 15 }, seconds: 65 });
      const settled = between(program, 6, 64);
      expect(settled.every(({ code }) => code !== null)).toBe(true);
      expect(countSteps(settled)).toEqual({ 1: settled.length - 1 });
      expectInSync(program, { fromS: 2, least: 60 });
    });
  }

  test("a clock 1000 ppm off, which would be 60 ms in the end, stays in sync by stretching the sound", () => {
    const program = runSolo({ tags: media30, network: { driftPpm: 1_000, jitterMs: 10 }, seconds: 65 });
    expectInSync(program, { fromS: 2, least: 60 });
    expect(program.engine.stats({ droppedRecords: 0 }).audioUnderruns).toBe(0);
  });

  test("jitter of 80 ms is taken up by the playout delay after a second or two", () => {
    const program = runSolo({
      tags: media30.filter((tag) => tag.timestampMs < 20_000),
      network: { jitterMs: 80 },
      seconds: 19,
    });
    const settled = between(program, 6, 18);
    expect(countSteps(settled)).toEqual({ 1: settled.length - 1 });
    expectInSync(program, { fromS: 6, least: 10 });
  });

  test("B-frames: every picture, in order, in sync", () => {
    const program = runSolo({ tags: mediaB, seconds: 12 });
    const settled = between(program, 5, 11);
    expect(countSteps(settled)).toEqual({ 1: settled.length - 1 });
    expectInSync(program, { fromS: 2, least: 8 });
  });

  test("pictures and sound blocks are numbered without a gap", () => {
    const program = runSolo({ tags: mediaB, seconds: 6 });
    expect(program.pictures.map(({ index }) => index)).toEqual(program.pictures.map((_, i) => i));
    expect(program.sound.map(({ index }) => index)).toEqual(program.sound.map((_, i) => i));
    expect(program.sound.length).toBe(program.pictures.length - 1);
    expect(program.sound.every(({ samples }) => samples.length === 1_600)).toBe(true);
  });

  test("frames that came before it was asked arrive in a burst and leave no delay behind", () => {
    const late = arrivalsOf(mediaB, { startMs: ZERO_MS - 3_500 });
    const program = new VirtualProgram({ format: { width: WIDTH, height: HEIGHT, fps: 30 }, zeroMs: ZERO_MS });
    const source = program.source("host", { fpsHint: 30 });
    program.engine.setSolo(source);
    program.deliver(
      source,
      late.map(({ atMs, tag }) => ({ atMs: Math.max(atMs, ZERO_MS + 200), tag })),
    );
    program.run(ZERO_MS + 7_000);
    expect(source.stats().playoutDelayMs).toBeLessThan(60);
    const settled = between(program, 2, 7);
    expect(countSteps(settled)).toEqual({ 1: settled.length - 1 });
    program.engine.close();
  });
});

describe("other rates", () => {
  test("25 into 30: every picture once, one in five twice, no pairs of holes", async () => {
    const tags = await makeMedia({ width: WIDTH, height: HEIGHT, fps: 25, seconds: 10 });
    const program = runSolo({ tags, seconds: 10, sourceFps: 25 });
    const steps = stepsOf(between(program, 3, 9));
    expect(new Set(steps)).toEqual(new Set([0, 1]));
    const held = steps.filter((step) => step === 0).length;
    expect(held / steps.length).toBeCloseTo(1 / 6, 1);
    expect(steps.join("").includes("00")).toBe(false);
  });

  test("60 into 30: every second picture", async () => {
    const tags = await makeMedia({ width: WIDTH, height: HEIGHT, fps: 60, seconds: 10 });
    const program = runSolo({ tags, seconds: 10, sourceFps: 60, network: { jitterMs: 10 } });
    const settled = between(program, 4, 9);
    expect(countSteps(settled)).toEqual({ 2: settled.length - 1 });
    expectInSync(program, { fromS: 2, least: 6 });
  });

  test("30 into 60: every picture twice", () => {
    const program = runSolo({ tags: mediaB, seconds: 10, fps: 60 });
    const steps = stepsOf(between(program, 4, 9)).join("");
    expect(steps).toMatch(/^1?(01)+0?$/);
  });

  test("uneven pictures (a third missing) never go back and stay in sync", async () => {
    const all = await makeMedia({ width: WIDTH, height: HEIGHT, fps: 30, seconds: 12, gop: 1 });
    // Flash pictures stay, or the measurement would miss them.
    const tags = all.filter((tag, i) => tag.type !== "video" || i % 3 !== 0 || tag.timestampMs % 1_000 < 90);
    const program = runSolo({ tags, seconds: 12 });
    expect(stepsOf(between(program, 2, 11)).every((step) => step >= 0 && step <= 4)).toBe(true);
    expectInSync(program, { fromS: 2, least: 8 });
  });
});

describe("disturbances", () => {
  test("a freeze of the network shows one held picture, for as long as it lasts, and costs no delay for good", () => {
    const stall = { fromMs: ZERO_MS + 6_000, toMs: ZERO_MS + 6_500 };
    const program = runSolo({
      tags: media30.filter((tag) => tag.timestampMs < 25_000),
      network: { stalls: [stall] },
      seconds: 25,
    });
    const steps = stepsOf(between(program, 5, 20));
    const held = steps.filter((step) => step === 0).length;
    expect(held).toBeGreaterThanOrEqual(13);
    expect(held).toBeLessThanOrEqual(16);
    expect(steps.filter((step) => step > 1)).toEqual([held + 1]);
    expectInSync(program, { fromS: 8, least: 14 });
  });

  test("a change of resolution costs no picture", async () => {
    const [small, large] = await Promise.all([
      makeMedia({ width: 128, height: 72, fps: 30, seconds: 4 }),
      makeMedia({ width: 512, height: 288, fps: 30, seconds: 4, firstNumber: 120 }),
    ]);
    const program = runSolo({ tags: [...small, ...shiftTags(large, 4_000)], seconds: 8 });
    const settled = between(program, 2, 8);
    expect(settled.every(({ code }) => code !== null)).toBe(true);
    expect(countSteps(settled)).toEqual({ 1: settled.length - 1 });
  });

  for (const jumpMs of [3_600_000, -3_000]) {
    test(`timestamps that jump by ${jumpMs} ms: at most two pictures held, sound still in sync`, () => {
      const first = media30.filter((tag) => tag.timestampMs < 6_000);
      const rest = media30.filter((tag) => tag.timestampMs >= 6_000 && tag.timestampMs < 14_000);
      const times = arrivalsOf([...first, ...rest], { startMs: ZERO_MS + 510 });
      const tags = [...first, ...shiftTags(rest, jumpMs)];
      const program = new VirtualProgram({ format: { width: WIDTH, height: HEIGHT, fps: 30 }, zeroMs: ZERO_MS });
      const source = program.source("host", { fpsHint: 30 });
      program.engine.setSolo(source);
      program.deliver(
        source,
        tags.map((tag, i) => ({ tag, atMs: times[i]?.atMs ?? 0 })),
      );
      program.run(ZERO_MS + 14_000);
      const steps = stepsOf(between(program, 3, 13));
      expect(steps.filter((step) => step !== 1).length).toBeLessThanOrEqual(4);
      expect(steps.filter((step) => step === 0).length).toBeLessThanOrEqual(2);
      expectInSync(program, { fromS: 2, least: 10 });
      program.engine.close();
    });
  }

  test("damaged packets are counted and the picture is back at the next keyframe", () => {
    const tags = mediaB.map((tag, i) =>
      tag.type === "video" && i > 60 && i < 70
        ? { ...tag, data: Buffer.concat([tag.data.subarray(0, 5), Buffer.alloc(40, 0xff)]) }
        : tag,
    );
    const program = runSolo({ tags, seconds: 11 });
    expect(program.engine.stats({ droppedRecords: 0 }).decodeErrors).toBeGreaterThan(0);
    const settled = between(program, 7, 11);
    expect(countSteps(settled)).toEqual({ 1: settled.length - 1 });
  });
});

describe("the slate", () => {
  const texts = (program: VirtualProgram): string[] =>
    program.events.map(({ text }) => text).filter((text) => !text.includes("format"));

  test("comes 0.7 s after the last picture, breathes, and goes with the first picture of the returning source", () => {
    const first = media30.filter((tag) => tag.timestampMs < 4_000);
    const again = media30.filter((tag) => tag.timestampMs < 5_000);
    const program = new VirtualProgram({ format: { width: WIDTH, height: HEIGHT, fps: 30 }, zeroMs: ZERO_MS });
    const source = program.source("host", { fpsHint: 30 });
    program.engine.setSolo(source);
    program.deliver(source, arrivalsOf(first, { startMs: ZERO_MS + 510 }));
    const backMs = ZERO_MS + 12_000;
    program.at(backMs - 1, () => source.restart());
    program.deliver(source, arrivalsOf(again, { startMs: backMs }));
    program.run(ZERO_MS + 16_000);
    program.engine.close();
    expect(texts(program)).toEqual(["on air: host", "lost: host: no picture", "on air: host"]);
    const onSlate = between(program, 7, 11.9);
    expect(onSlate.every(({ code }) => code === null)).toBe(true);
    const lumas = onSlate.map(({ meanLuma }) => meanLuma);
    expect(Math.max(...lumas) - Math.min(...lumas)).toBeGreaterThan(0.5);
    const back = program.pictures.find(({ index, code }) => code !== null && index > 12 * 30);
    expect(back?.index).toBeLessThan(12.5 * 30);
    const settled = between(program, 14, 16);
    expect(countSteps(settled)).toEqual({ 1: settled.length - 1 });
  });

  test("comes at once when the source is gone, and its sound fades instead of stopping", () => {
    const program = new VirtualProgram({ format: { width: WIDTH, height: HEIGHT, fps: 30 }, zeroMs: ZERO_MS });
    const source = program.source("host", { fpsHint: 30 });
    program.engine.setSolo(source);
    program.deliver(
      source,
      arrivalsOf(
        media30.filter((tag) => tag.timestampMs < 5_000),
        { startMs: ZERO_MS + 510 },
      ),
    );
    program.at(ZERO_MS + 4_000, () => program.engine.removeSource("host"));
    program.run(ZERO_MS + 8_000);
    program.engine.close();
    expect(texts(program)).toEqual(["on air: host", "lost: host: gone"]);
    expect(between(program, 4.6, 8).every(({ code }) => code === null)).toBe(true);
    const late = program.sound.filter(({ index }) => index > 4.3 * 30);
    expect(late.every(({ samples }) => samples.every((sample) => sample === 0))).toBe(true);
  });

  test("is there before the first picture, and thumbnails are only made of the source", () => {
    const program = runSolo({ tags: media30.filter((tag) => tag.timestampMs < 8_000), seconds: 8 });
    expect(program.pictures[0]?.code).toBeNull();
    expect(program.pictures[0]?.meanLuma).toBeGreaterThan(16);
    expect(program.thumbnails.length).toBe(2);
    for (const file of program.thumbnails) {
      expect(file.subarray(0, 2)).toEqual(Buffer.from([0xff, 0xd8]));
      expect(file.length).toBeLessThanOrEqual(30_000);
    }
  });

  test("a new source replaces the old one without a slate in between", () => {
    const program = new VirtualProgram({ format: { width: WIDTH, height: HEIGHT, fps: 30 }, zeroMs: ZERO_MS });
    const first = program.source("one", { fpsHint: 30 });
    const second = program.source("two", { fpsHint: 30 });
    program.engine.setSolo(first);
    program.deliver(
      first,
      arrivalsOf(
        media30.filter((tag) => tag.timestampMs < 4_000),
        { startMs: ZERO_MS + 510 },
      ),
    );
    program.at(ZERO_MS + 4_000, () => program.engine.setSolo(second));
    program.deliver(second, arrivalsOf(mediaB, { startMs: ZERO_MS + 4_100 }));
    program.run(ZERO_MS + 9_000);
    program.engine.close();
    expect(between(program, 2, 9).every(({ code }) => code !== null)).toBe(true);
    expect(texts(program)).toEqual(["on air: one", "on air: two"]);
  });
});
