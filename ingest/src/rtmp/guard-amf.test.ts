import fc from "fast-check";
import { expect, test } from "vitest";
import { type AmfInput, writeAmf0, writeAmf0Value } from "../testing/amf-write.ts";
import { AMF_MAX_DEPTH, AmfError, type AmfValue, readAmf0 } from "./guard-amf.ts";

const { value } = fc.letrec<{ value: AmfInput }>((tie) => ({
  value: fc.oneof(
    { maxDepth: AMF_MAX_DEPTH - 2, withCrossShrink: true },
    fc.double(),
    fc.string(),
    fc.boolean(),
    fc.constant(null),
    fc.constant(undefined),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.string({ minLength: 1 }), tie("value"), { maxKeys: 3, noNullPrototype: true }),
  ),
}));

const asRead = (input: AmfInput): AmfValue => {
  if (Array.isArray(input)) return input.map(asRead);
  if (typeof input !== "object" || input === null) return input as AmfValue;
  return new Map(Object.entries(input).map(([name, field]) => [name, asRead(field)]));
};

test("what is written within the bounds is read back", () => {
  fc.assert(
    fc.property(fc.array(value, { maxLength: 4 }), (values) => {
      expect(readAmf0(writeAmf0(...values))).toEqual(values.map(asRead));
    }),
  );
});

test("every truncation and no random byte makes it throw anything but AmfError", () => {
  const truncated = fc.tuple(value, fc.nat()).map(([input, cut]) => {
    const whole = writeAmf0Value(input);
    return whole.subarray(0, cut % (whole.length + 1));
  });
  const random = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(fc.oneof(truncated, random), (bytes) => {
      try {
        readAmf0(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(AmfError);
      }
    }),
    { numRuns: 2_000 },
  );
});

test("keys that name a prototype stay keys", () => {
  const [object] = readAmf0(
    Buffer.concat([Buffer.from([3, 0, 9]), Buffer.from("__proto__"), Buffer.from([1, 1, 0, 0, 9])]),
  );
  expect(object).toEqual(new Map([["__proto__", true]]));
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
});

test.each([
  [
    "20 000 nested objects",
    Buffer.concat(Array.from({ length: 20_000 }, () => Buffer.from([3, 0, 1, 0x61]))),
    "nested",
  ],
  [
    "20 000 nested arrays",
    Buffer.concat(Array.from({ length: 20_000 }, () => Buffer.from([10, 0, 0, 0, 1]))),
    "nested",
  ],
  ["an array of four billion", Buffer.from([10, 255, 255, 255, 255]), "too many"],
  ["ten thousand nulls", Buffer.alloc(10_000, 5), "too many"],
  ["a string longer than the message", Buffer.from([2, 255, 255, 0x61]), "truncated"],
  ["a long string longer than the message", Buffer.from([12, 255, 255, 255, 255]), "truncated"],
  ["an object without an end", Buffer.from([3, 0, 1, 0x61, 5]), "truncated"],
  ["a reference", Buffer.from([7, 0, 0]), "unknown type"],
])("%s is refused", (_, bytes, words) => {
  expect(() => readAmf0(bytes)).toThrow(words);
});
