import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { OriginProgram } from "./origin-program.ts";
import type { PublishedPart } from "./origin-program-options.ts";
import {
  configure,
  emptyMaterial,
  encodeMaterial,
  feed,
  feedPicture,
  feedSound,
  TestClock,
  testProgram,
} from "./testing/material.ts";
import { segmentSeconds } from "./window.ts";

const run = promisify(execFile);
const EMPTY = emptyMaterial({ frames: 60, fps: 30, gopFrames: 30 });

interface Packet {
  readonly stream_index: number;
  readonly pts: number;
  readonly dts: number;
  readonly duration: number;
  readonly flags: string;
}

/** What ffprobe reads from a rendition's initialization segment and recorded parts, and what ffmpeg says decoding them. */
async function probe(program: OriginProgram, name: string, parts: readonly Buffer[]) {
  const folder = await mkdtemp(join(tmpdir(), "lianmai-hls-"));
  try {
    const file = join(folder, "recorded.mp4");
    await writeFile(file, Buffer.concat([program.renditions.get(name)?.init(0) ?? Buffer.alloc(0), ...parts]));
    const args = ["-v", "error", "-show_packets", "-show_streams", "-of", "json", file];
    const { stdout } = await run("ffprobe", args, { maxBuffer: 64 * 1_024 * 1_024 });
    const decoded = await run("ffmpeg", ["-v", "warning", "-xerror", "-i", file, "-f", "null", "-"]);
    const { packets, streams } = JSON.parse(stdout) as {
      readonly packets: Packet[];
      readonly streams: ReadonlyArray<{
        readonly codec_name: string;
        readonly width?: number;
        readonly channels?: number;
      }>;
    };
    return { packets, streams, complaints: decoded.stderr };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Ends of all but the last packet of a stream against the starts of the next. */
const holes = (packets: readonly Packet[]): number =>
  packets.filter((packet, at) => packets[at + 1] && packet.dts + packet.duration !== packets[at + 1]?.dts).length;

describe("with real x264 and AAC", () => {
  test("[6.2.1-M9] an encoder's restart inside a segment breaks neither decode times nor the cadence of parts", async () => {
    const clock = new TestClock();
    const material = await encodeMaterial({ seconds: 4, fps: 30, gopFrames: 30, size: "320x180" });
    const recorded = new Map<string, PublishedPart[]>();
    const program = testProgram(clock, {
      onPart: (part) => recorded.set(part.rung, [...(recorded.get(part.rung) ?? []), part]),
    });
    configure(program, material);
    feed(program, material, { from: 0, to: 74, clock });
    feed(program, material, { from: 74, to: 90, clock, origin: 74 });
    feed(program, material, { from: 90, to: 245, clock });
    program.end();
    const parts = recorded.get("360p") ?? [];
    expect(parts.map(({ part }) => part)).toEqual([...Array(25).keys()]);
    expect(parts.map(({ seconds }) => Math.round(seconds * 30))).toEqual([...Array(24).fill(10), 5]);

    const { packets, streams, complaints } = await probe(
      program,
      "360p",
      parts.map(({ bytes }) => bytes),
    );
    expect(streams.map((stream) => stream.codec_name)).toEqual(["h264", "aac"]);
    expect(complaints).toBe("");
    const video = packets.filter((packet) => packet.stream_index === 0);
    expect(video.map(({ dts }) => dts)).toEqual(Array.from({ length: 245 }, (_, index) => index * 3_000));
    expect(video.every(({ pts, dts }) => pts === dts)).toBe(true);
    expect(video.flatMap(({ flags }, index) => (flags.startsWith("K") ? [index] : []))).toEqual([
      0, 30, 60, 74, 90, 120, 150, 180, 210, 240,
    ]);
    const audio = packets.filter((packet) => packet.stream_index === 1);
    expect(holes(audio)).toBe(0);
    expect(Math.abs((audio.length * 1_024) / 48_000 - 245 / 30)).toBeLessThan(0.03);

    const alone = await probe(
      program,
      "audio",
      (recorded.get("audio") ?? []).map(({ bytes }) => bytes),
    );
    expect(alone.streams.map((stream) => stream.codec_name)).toEqual(["aac"]);
    expect(alone.packets.map(({ dts }) => dts)).toEqual(audio.map(({ dts }) => dts));
    expect(alone.complaints).toBe("");
  });

  test("decode times beyond 32 bits: a program of 20 hours", async () => {
    const clock = new TestClock();
    const material = await encodeMaterial({ seconds: 1, fps: 30, gopFrames: 30, size: "320x180" });
    const parts: Buffer[] = [];
    const firstIndex = 20 * 3_600 * 30;
    const program = testProgram(clock, {
      firstIndex,
      onPart: ({ rung, bytes }) => rung === "360p" && parts.push(bytes),
    });
    configure(program, material);
    feed(program, material, { from: firstIndex, to: firstIndex + 60, clock, origin: firstIndex });
    program.end();
    const { packets } = await probe(program, "360p", parts);
    expect(packets[0]?.dts).toBe(firstIndex * 3_000);
    expect(packets[0]?.dts).toBeGreaterThan(2 ** 32);
    expect(holes(packets.filter((packet) => packet.stream_index === 0))).toBe(0);
  });
});

describe("sound", () => {
  test("a part waits for the sound of its time", () => {
    const parts: PublishedPart[] = [];
    const program = testProgram(new TestClock(), { onPart: (part) => parts.push(part) });
    configure(program, EMPTY);
    for (let index = 0; index < 12; index++) feedPicture(program, EMPTY, index);
    expect(parts).toHaveLength(0);
    for (let index = 0; index < 12; index++) feedSound(program, EMPTY, index);
    expect(parts.map(({ rung }) => rung).sort()).toEqual(["180p", "360p", "audio"]);
  });

  test("at the end pictures without sound are cut off, in all renditions alike", () => {
    const parts: PublishedPart[] = [];
    const program = testProgram(new TestClock(), { onPart: (part) => parts.push(part) });
    configure(program, EMPTY);
    for (let index = 0; index < 28; index++) feedPicture(program, EMPTY, index);
    for (let index = 0; index < 17; index++) feedSound(program, EMPTY, index);
    program.end();
    const seconds = (name: string) =>
      parts.filter(({ rung }) => rung === name).map((part) => Math.round(part.seconds * 30));
    // 27 access units end within picture 17.
    expect([seconds("360p"), seconds("180p"), seconds("audio")]).toEqual([
      [10, 7],
      [10, 7],
      [10, 7],
    ]);
  });

  test("lost sound holds nothing up: pictures go on, sound alone becomes a gap, and joins again", () => {
    const clock = new TestClock();
    const parts: PublishedPart[] = [];
    const program = testProgram(clock, { onPart: (part) => parts.push(part) });
    configure(program, EMPTY);
    feed(program, EMPTY, { from: 0, to: 60, clock });
    for (let index = 60; index < 120; index++) {
      clock.nowMs += 1_000 / 30;
      feedPicture(program, EMPTY, index);
    }
    expect(parts.filter(({ rung }) => rung === "360p")).toHaveLength(12);
    feed(program, EMPTY, { from: 120, to: 240, clock });
    const audio = parts.filter(({ rung }) => rung === "audio").map(({ part }) => part);
    expect(audio.at(-1)).toBe(parts.filter(({ rung }) => rung === "360p").at(-1)?.part);
    expect(audio).not.toContain(9);
    expect(program.renditions.get("audio")?.playlist(false).plain.toString()).toContain("#EXT-X-GAP\n");
    expect(program.renditions.get("360p")?.playlist(false).plain.toString()).not.toContain("GAP");
  });

  test("an encoder that stood still loses no sound: pictures that are read first wait for theirs", async () => {
    const clock = new TestClock();
    const material = await encodeMaterial({ seconds: 1, fps: 30, gopFrames: 30, size: "160x90" });
    const recorded = new Map<string, Buffer[]>();
    const program = testProgram(clock, {
      onPart: ({ rung, bytes }) => recorded.set(rung, [...(recorded.get(rung) ?? []), bytes]),
    });
    configure(program, material);
    feed(program, material, { from: 0, to: 65, clock });
    feedPicture(program, material, 65);
    clock.nowMs += 1_400;
    program.tick();
    for (let index = 66; index < 107; index++) feedPicture(program, material, index);
    for (let index = 65; index < 107; index++) feedSound(program, material, index);
    feed(program, material, { from: 107, to: 150, clock });
    program.end();
    for (const name of ["360p", "180p", "audio"]) {
      const { packets, streams } = await probe(program, name, recorded.get(name) ?? []);
      const sound = streams.findIndex((stream) => stream.codec_name === "aac");
      const audio = packets.filter((packet) => packet.stream_index === sound);
      expect(audio.map(({ dts }) => dts)).toEqual(Array.from({ length: 235 }, (_, unit) => unit * 1_024));
    }
  });

  test("an encoder that never tells its setup is taken for the usual one after a second", () => {
    const clock = new TestClock();
    const program = testProgram(clock);
    program.videoConfig("360p", EMPTY.avcC);
    for (let index = 0; index < 60; index++) {
      clock.nowMs += 1_000 / 30;
      feedPicture(program, EMPTY, index);
    }
    expect(program.renditions.get("360p")?.head).toEqual({ msn: 0, parts: 6, complete: true });
    expect(program.renditions.get("360p")?.init(0)?.includes("mp4a")).toBe(true);
  });
});

describe("laws", () => {
  const timeline = fc.record({
    /** Pictures that never come. */
    missing: fc.uniqueArray(fc.integer({ min: 1, max: 1_300 }), { maxLength: 80 }),
    /** Pictures by which sound lags. */
    lag: fc.integer({ min: 0, max: 6 }),
    frames: fc.integer({ min: 200, max: 1_300 }),
    partFrames: fc.constantFrom(6, 10, 15),
  });

  test("[6.2.1-M1] [6.2.1-M10] [6.2.1-M13] [6.2.2-M3] [6.2.2-M5] [6.2.2-M6] [6.2.2-M7] [6.2.4-M2a] [6.2.4-M2b] windows, numbers, durations and cuts", () => {
    fc.assert(
      fc.property(timeline, ({ missing, lag, frames, partFrames }) => {
        const clock = new TestClock();
        const cuts = new Map<string, string[]>();
        const program = testProgram(clock, {
          partFrames,
          onPart: ({ rung, part, msn, partInSegment, seconds }) =>
            cuts.set(rung, [...(cuts.get(rung) ?? []), `${part} ${msn} ${partInSegment} ${seconds}`]),
        });
        configure(program, EMPTY);
        const gone = new Set(missing);
        let sequence = 0;
        for (let index = 0; index < frames; index++) {
          clock.nowMs += 1_000 / 30;
          if (!gone.has(index)) feedPicture(program, EMPTY, index);
          if (index >= lag) feedSound(program, EMPTY, index - lag);
          sequence = checkWindow(program, sequence);
        }
        program.end();
        checkWindow(program, sequence);
        expect(cuts.get("180p")).toEqual(cuts.get("360p"));
        // Sound alone may be one part further when pictures are missing at the very end.
        const audio = cuts.get("audio") ?? [];
        expect(audio.slice(0, (cuts.get("360p")?.length ?? 1) - 1)).toEqual(cuts.get("360p")?.slice(0, -1));
      }),
      { numRuns: 25 },
    );
  });
});

/** Returns the media sequence number, for the next check. */
function checkWindow(program: OriginProgram, before: number): number {
  const rendition = program.renditions.get("360p");
  const segments = rendition?.window.segments ?? [];
  const sequence = segments[0]?.msn ?? 0;
  expect(sequence).toBeGreaterThanOrEqual(before);
  expect(segments.map(({ msn }) => msn)).toEqual(segments.map((_, at) => sequence + at));
  for (const segment of segments) {
    expect(Math.round(segmentSeconds(segment))).toBeLessThanOrEqual(program.grid.targetDurationSeconds);
    for (const part of segment.parts) expect(part.seconds).toBeLessThanOrEqual(program.grid.partSeconds + 1e-9);
  }
  const listed = segments.filter(({ complete }) => complete).reduce((sum, segment) => sum + segmentSeconds(segment), 0);
  if (sequence > 0) expect(listed).toBeGreaterThanOrEqual(8 * program.grid.targetDurationSeconds - 1e-6);
  return sequence;
}
