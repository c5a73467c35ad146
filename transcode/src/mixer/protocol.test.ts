import fc from "fast-check";
import { expect, test } from "vitest";
import { type MixerRecord, RecordError, RecordReader, recordHeader } from "./protocol.ts";

const kinds = fc.constantFrom<MixerRecord["kind"]>("video", "audio", "thumbnail");
const record = fc.record({
  kind: kinds,
  index: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  data: fc.uint8Array({ minLength: 1, maxLength: 200 }),
});

test("records survive any cutting into chunks", () => {
  fc.assert(
    fc.property(
      fc.array(record, { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }),
      (records, cuts) => {
        const wire = Buffer.concat(
          records.flatMap(({ kind, index, data }) => [recordHeader(kind, index, data.length), Buffer.from(data)]),
        );
        const reader = new RecordReader({ maxPayloadBytes: 200 });
        const read: MixerRecord[] = [];
        for (let at = 0, i = 0; at < wire.length; i++) {
          const size = cuts[i % cuts.length] ?? 1;
          read.push(...reader.push(wire.subarray(at, at + size)));
          at += size;
        }
        expect(read).toEqual(records.map(({ kind, index, data }) => ({ kind, index, data: Buffer.from(data) })));
      },
    ),
  );
});

test("bytes that are no records are an error, not memory", () => {
  const reader = () => new RecordReader({ maxPayloadBytes: 100 });
  expect(() => reader().push(recordHeader("video", 0, 101))).toThrow(RecordError);
  expect(() => reader().push(recordHeader("video", 0, 0))).toThrow(RecordError);
  const unknown = recordHeader("video", 0, 1);
  unknown.writeUInt8(0x00, 0);
  expect(() => reader().push(Buffer.concat([unknown, Buffer.alloc(1)]))).toThrow(RecordError);
});
