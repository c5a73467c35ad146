import fc from "fast-check";
import { expect, test } from "vitest";
import { writeFlvHeader, writeFlvTag } from "../source/flv-write.ts";
import { recordTags } from "../testing/ffmpeg.ts";
import { FlvError, FlvReader, type FlvTag } from "./index.ts";

const HEADER = writeFlvHeader({ audio: true, video: true });

const tag = fc.record({
  type: fc.constantFrom<FlvTag["type"]>("audio", "video", "script"),
  timestampMs: fc.integer({ min: 0, max: 0xffffffff }),
  data: fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
});
const tags = fc.array(tag, { maxLength: 20 });
const file = (written: readonly FlvTag[]) => Buffer.concat([HEADER, ...written.map(writeFlvTag)]);

/** Cuts bytes into chunks whose sizes come from `cuts`. */
function chunksOf(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, i = 0; at < bytes.length; i += 1) {
    const size = cuts[i % cuts.length] ?? 1;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

test("tags come back as they were written, however the bytes are cut", () => {
  fc.assert(
    fc.property(tags, fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1 }), (written, cuts) => {
      const reader = new FlvReader();
      expect(chunksOf(file(written), cuts).flatMap((chunk) => reader.push(chunk))).toEqual(written);
    }),
  );
});

test("no bytes make the reader throw anything but FlvError", () => {
  const damaged = fc.tuple(tags, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 5 })).map(([written, hits]) => {
    const bytes = file(written);
    for (const [at, value] of hits) bytes[at % bytes.length] = value;
    return bytes;
  });
  const random = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(
      fc.oneof(damaged, random),
      fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }),
      (bytes, cuts) => {
        const reader = new FlvReader();
        try {
          for (const chunk of chunksOf(bytes, cuts)) reader.push(chunk);
        } catch (error) {
          expect(error).toBeInstanceOf(FlvError);
        }
      },
    ),
  );
});

test("a tag beyond the reader's bound is refused before its bytes are held", () => {
  const reader = new FlvReader({ maxTagBytes: 100 });
  const large = writeFlvTag({ type: "video", timestampMs: 0, data: Buffer.alloc(101) });
  expect(() => reader.push(Buffer.concat([HEADER, large.subarray(0, 11)]))).toThrow(FlvError);
});

test("ffmpeg's FLV is read whole, with timestamps that never go back", () => {
  const read = recordTags({ seconds: 1 });
  expect(read[0]?.type).toBe("script");
  const video = read.filter(({ type }) => type === "video").map(({ timestampMs }) => timestampMs);
  // A sequence header, thirty frames, an end of sequence.
  expect(video).toHaveLength(32);
  expect(video).toEqual([...video].sort((a, b) => a - b));
});
