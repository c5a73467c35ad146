import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HandoverError, type HandoverFrame, HandoverReader, keyframeRequestUrl, writeHandoverFrame } from "./index.ts";

const packet = (minLength: number) => fc.uint8Array({ minLength, maxLength: 1_500 }).map((bytes) => Buffer.from(bytes));
const track = fc.integer({ min: 0, max: 255 });
const arrivalMs = fc.double({ min: 0, max: 1e12, noNaN: true });
const header = fc.record({
  version: fc.constant(1 as const),
  tracks: fc.array(
    fc.record({
      track,
      kind: fc.constantFrom("audio" as const, "video" as const),
      codec: fc.constantFrom("h264" as const, "vp8" as const, "opus" as const),
      payloadType: fc.integer({ min: 0, max: 127 }),
      clockRate: fc.constantFrom(48_000, 90_000),
      channels: fc.integer({ min: 0, max: 2 }),
      ssrc: fc.integer({ min: 0, max: 0xffff_ffff }),
      fmtp: fc.string({ maxLength: 40 }),
      muted: fc.boolean(),
    }),
    { maxLength: 4 },
  ),
});
const frame: fc.Arbitrary<HandoverFrame> = fc.oneof(
  fc.record({ kind: fc.constant("header" as const), header }),
  fc.record({ kind: fc.constant("rtp" as const), track, arrivalMs, packet: packet(12) }),
  fc.record({ kind: fc.constant("rtcp" as const), track, arrivalMs, packet: packet(28) }),
);

describe("the hand-over's frames", () => {
  it("come out as they went in, however the bytes are cut", () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 12 }), fc.integer({ min: 1, max: 700 }), (frames, size) => {
        const bytes = Buffer.concat(frames.map(writeHandoverFrame));
        const reader = new HandoverReader();
        const read: HandoverFrame[] = [];
        for (let at = 0; at < bytes.length; at += size) read.push(...reader.push(bytes.subarray(at, at + size)));
        expect(read).toEqual(frames);
      }),
    );
  });

  it("refuse what is no hand-over, and never throw anything else", () => {
    expect(() => new HandoverReader().push(Buffer.from("FLV\x01\x05\0\0\0\x09\0\0\0\0more"))).toThrow(HandoverError);
    const notJson = writeHandoverFrame({ kind: "rtp", track: 0, arrivalMs: 0, packet: Buffer.alloc(12) });
    notJson[0] = 0x48;
    expect(() => new HandoverReader().push(notJson)).toThrow(HandoverError);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        try {
          new HandoverReader().push(Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(HandoverError);
        }
      }),
    );
  });

  it("name the address for keyframe requests, token and all", () => {
    expect(keyframeRequestUrl("http://127.0.0.1:8093/sources/a-b?token=x_y")).toBe(
      "http://127.0.0.1:8093/sources/a-b/keyframe?token=x_y",
    );
  });
});
