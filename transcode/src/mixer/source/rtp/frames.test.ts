import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { VideoDecoder } from "../../av/video-decoder.ts";
import { packH264, packVp8, rtpPacket } from "../../harness/packetise.ts";
import { H264Frames } from "./h264-frames.ts";
import { readRtp, readSenderReport } from "./packet.ts";
import { type Ordered, ReorderBuffer } from "./reorder.ts";
import type { AssembledFrame, FrameAssembler } from "./video-assembler.ts";
import { Vp8Frames } from "./vp8-frames.ts";

const nal = (type: number, size: number): Buffer =>
  Buffer.concat([Buffer.from([0x60 | type, 0x80]), Buffer.alloc(size, type)]);
const SPS = nal(7, 10);
const PPS = nal(8, 4);
const annexB = (units: readonly Buffer[]): Buffer =>
  Buffer.concat(units.flatMap((unit) => [Buffer.from([0, 0, 0, 1]), unit]));

/** Frames as packets, numbered; the named ones are lost. */
function packets(frames: readonly (readonly Buffer[])[], lost: readonly number[] = []): Ordered[] {
  let sequence = 0;
  let lostBefore = 0;
  const ordered: Ordered[] = [];
  for (const [i, payloads] of frames.entries()) {
    for (const [j, payload] of payloads.entries()) {
      const isLost = lost.includes(sequence++);
      lostBefore = isLost ? lostBefore + 1 : lostBefore;
      if (isLost) continue;
      ordered.push({
        sequence,
        timestamp: i * 3_000,
        marker: j === payloads.length - 1,
        payload,
        arrivedMs: 0,
        lostBefore,
      });
      lostBefore = 0;
    }
  }
  return ordered;
}

const assemble = (frames: FrameAssembler, ordered: readonly Ordered[]): AssembledFrame[] =>
  ordered.flatMap((packet) => frames.push(packet));

describe("H.264", () => {
  for (const parameterSets of ["together", "apart"] as const) {
    test(`units come out as they went in, parameter sets ${parameterSets}, whatever their sizes`, () => {
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 6 }), (sizes) => {
          const key = [SPS, PPS, nal(5, sizes[0]!)];
          const others = sizes.map((size) => [nal(1, size)]);
          const sent = [key, ...others];
          const out = assemble(new H264Frames(), packets(sent.map((units) => packH264(units, { parameterSets }))));
          expect(out.map(({ data }) => data)).toEqual(sent.map(annexB));
          expect(out.map(({ key: isKey }) => isKey)).toEqual(sent.map((_, i) => i === 0));
          expect(out.some(({ isBroken }) => isBroken)).toBe(false);
        }),
      );
    });
  }

  test("parameter sets sent ahead with a timestamp of their own go before the slice that needs them", () => {
    const idr = nal(5, 50);
    const out = assemble(new H264Frames(), packets([[SPS], [PPS], [idr]]));
    expect(out).toMatchObject([{ data: annexB([SPS, PPS, idr]), key: true, isBroken: false }]);
  });

  test("a slice without parameter sets is no keyframe", () => {
    expect(assemble(new H264Frames(), packets([[nal(5, 50)]]))).toMatchObject([{ key: false }]);
  });

  test("any lost packet breaks a frame, or the next one, until a keyframe that is whole", () => {
    const key = packH264([SPS, PPS, nal(5, 2_500)]);
    const delta = packH264([nal(1, 2_500)]);
    const sent = [key, delta, delta, key, delta];
    const last = sent.flat().length - 1;
    // Without its parameter sets, a later keyframe decodes by those known.
    const unneeded = key.length + 2 * delta.length;
    for (let lost = 0; lost <= last; lost++) {
      const out = assemble(new H264Frames(), packets(sent, [lost]));
      const inFourth = lost >= unneeded;
      const isHurt = lost !== last && lost !== unneeded;
      expect([lost, out.some(({ isBroken }) => isBroken)]).toEqual([lost, isHurt]);
      const fourth = out.find(({ timestamp }) => timestamp === 9_000);
      if (!inFourth) expect(fourth).toMatchObject({ key: true, isBroken: false });
    }
  });
});

describe("VP8", () => {
  test("frames come out as they went in; a lost packet breaks its frame and those that refer to it", () => {
    const frame = (isKey: boolean, size: number): Buffer =>
      Buffer.concat([Buffer.from([isKey ? 0 : 1]), Buffer.alloc(size, 9)]);
    const sent = [frame(true, 3_000), frame(false, 2_000), frame(false, 10), frame(true, 3_000)];
    const packed = sent.map((data, i) => packVp8(data, 300 + i));
    const whole = assemble(new Vp8Frames(), packets(packed));
    expect(whole.map(({ data }) => data)).toEqual(sent);
    expect(whole.map(({ key }) => key)).toEqual([true, false, false, true]);
    const hurt = assemble(new Vp8Frames(), packets(packed, [4]));
    expect(hurt.map(({ timestamp, isBroken }) => [timestamp, isBroken])).toEqual([
      [0, false],
      [3_000, true],
      [6_000, true],
      [9_000, false],
    ]);
  });
});

test("assemblers and readers take any bytes", () => {
  const ordered = fc.record({
    sequence: fc.integer({ min: 0, max: 65_535 }),
    timestamp: fc.integer({ min: 0, max: 4 }),
    marker: fc.boolean(),
    payload: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
    arrivedMs: fc.constant(0),
    lostBefore: fc.integer({ min: 0, max: 1 }),
  });
  fc.assert(
    fc.property(fc.array(ordered), (all) => {
      for (const frames of [new H264Frames(), new Vp8Frames()]) assemble(frames, all);
      for (const { payload } of all) {
        readRtp(payload);
        readSenderReport(payload);
      }
    }),
  );
});

test("packets come out in order and once, gaps are given up after their time and counted", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 0, max: 60 }), { minLength: 1 }),
      fc.integer({ min: 0, max: 65_535 }),
      (order, first) => {
        const buffer = new ReorderBuffer();
        const payload = Buffer.alloc(1);
        const push = (n: number, atMs: number): void =>
          buffer.push({ sequence: (first + n) & 0xffff, timestamp: n, marker: false, payload }, atMs);
        push(0, 0);
        buffer.take(0, { patienceMs: 50 });
        for (const [i, n] of order.entries()) push(n + 1, i);
        const taken: Ordered[] = [];
        for (let atMs = 0; atMs < 300; atMs += 10) {
          for (
            let packet = buffer.take(atMs, { patienceMs: 50 });
            packet;
            packet = buffer.take(atMs, { patienceMs: 50 })
          )
            taken.push(packet);
        }
        const sorted = order.toSorted((a, b) => a - b);
        expect(taken.map(({ timestamp }) => timestamp)).toEqual(sorted.map((n) => n + 1));
        expect(taken.reduce((sum, { lostBefore }) => sum + lostBefore, 0)).toBe(Math.max(...order) + 1 - order.length);
        expect(buffer.lost).toBe(Math.max(...order) + 1 - order.length);
      },
    ),
  );
});

test("what ffmpeg packs is read: every picture of two seconds is decoded", async () => {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const frames = new H264Frames();
  const reorder = new ReorderBuffer();
  const decoder = new VideoDecoder({ codec: "h264", config: Buffer.alloc(0), threads: 1 });
  let pictures = 0;
  socket.on("message", (message) => {
    const packet = readRtp(message);
    if (!packet || (message.readUInt8(1) >= 192 && message.readUInt8(1) <= 223)) return;
    reorder.push(packet, 0);
    for (let next = reorder.take(0, { patienceMs: 1e9 }); next; next = reorder.take(0, { patienceMs: 1e9 })) {
      for (const { data } of frames.push(next)) decoder.send(data, pictures);
      for (let picture = decoder.receive(); picture; picture = decoder.receive()) {
        pictures++;
        picture.release();
      }
    }
  });
  const child = spawn("ffmpeg", [
    ...[
      "-v",
      "error",
      "-re",
      "-f",
      "lavfi",
      "-i",
      "testsrc2=s=640x360:r=30:d=2",
      "-c:v",
      "libx264",
      "-preset",
      "ultrafast",
    ],
    ...["-tune", "zerolatency", "-g", "30", "-pix_fmt", "yuv420p", "-threads", "1", "-bsf:v", "dump_extra"],
    ...["-f", "rtp", `rtp://127.0.0.1:${(socket.address() as AddressInfo).port}?pkt_size=1200`],
  ]);
  await once(child, "close");
  socket.close();
  decoder.close();
  expect(pictures).toBeGreaterThanOrEqual(59);
});

test("headers with contributing sources, extensions and padding are read past", () => {
  const packet = rtpPacket(Buffer.from("payload"), { sequence: 7, timestamp: 9, ssrc: 1, marker: true });
  const head = Buffer.from(packet.subarray(0, 12));
  head[0] = 0x80 | 0x20 | 0x10 | 2;
  const extended = Buffer.concat([
    head,
    Buffer.alloc(8),
    Buffer.from([0xbe, 0xde, 0, 1, 1, 2, 3, 4]),
    packet.subarray(12),
    Buffer.from([0, 0, 3]),
  ]);
  expect(readRtp(extended)).toMatchObject({ sequence: 7, timestamp: 9, marker: true, payload: Buffer.from("payload") });
});
