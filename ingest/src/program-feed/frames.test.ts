import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FeedError, type FeedFrame, FeedReader, writeFeedFrame } from "./index.ts";

const data = fc.uint8Array({ minLength: 1, maxLength: 3_000 }).map((bytes) => Buffer.from(bytes));
const layer = fc.integer({ min: 0, max: 7 });
const atMs = fc.double({ min: 0, max: 1e12, noNaN: true });
const frame: fc.Arbitrary<FeedFrame> = fc.oneof(
  fc.record({
    kind: fc.constant("header" as const),
    header: fc.record({
      version: fc.constant(1 as const),
      zeroWallMs: fc.double({ min: 0, max: 1e13, noNaN: true }),
      layers: fc.array(
        fc.record({
          name: fc.constantFrom("720p", "360p"),
          width: fc.nat(4_096),
          height: fc.nat(4_096),
          bitsPerSecond: fc.nat(9_000_000),
        }),
        { maxLength: 4 },
      ),
    }),
  }),
  fc.record({ kind: fc.constant("config" as const), layer, data }),
  fc.record({ kind: fc.constant("picture" as const), layer, key: fc.boolean(), atMs, data }),
  fc.record({
    kind: fc.constant("sound" as const),
    track: fc.constantFrom("mix" as const, "solo" as const),
    atMs,
    data,
  }),
);

describe("a feed's frames", () => {
  it("come out as they went in, however the bytes are cut", () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 12 }), fc.integer({ min: 1, max: 2_000 }), (frames, size) => {
        const bytes = Buffer.concat(frames.map(writeFeedFrame));
        const reader = new FeedReader();
        const read: FeedFrame[] = [];
        for (let at = 0; at < bytes.length; at += size) read.push(...reader.push(bytes.subarray(at, at + size)));
        expect(read).toEqual(frames);
      }),
    );
  });

  it("refuse what is no feed, and never throw anything else", () => {
    expect(() => new FeedReader().push(Buffer.from("HTTP/1.1 404 Not Found\r\n"))).toThrow(FeedError);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        try {
          new FeedReader().push(Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(FeedError);
        }
      }),
    );
  });
});
