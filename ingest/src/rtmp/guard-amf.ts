/**
 * Reads AMF0 (Action Message Format 0) within bounds. The vendor's decoder recurses without limit, loops on
 * announced counts and reads past the end, so no byte of a client reaches it.
 */

/** One AMF0 value. Objects and ECMA arrays are maps, so that no key can touch a prototype. */
export type AmfValue = number | string | boolean | null | undefined | AmfMap | readonly AmfValue[];
export type AmfMap = ReadonlyMap<string, AmfValue>;

/** The bytes are not AMF0, or exceed the bounds. */
export class AmfError extends Error {
  override readonly name = "AmfError";
}

/** Deepest nesting read; encoders use 2. */
export const AMF_MAX_DEPTH = 8;
/** Most values in one message; encoders send about 30. */
export const AMF_MAX_VALUES = 512;

interface Cursor {
  readonly data: Buffer;
  at: number;
  values: number;
}

/** All values of one message. Throws {@link AmfError}. */
export function readAmf0(data: Buffer): AmfValue[] {
  const cursor: Cursor = { data, at: 0, values: 0 };
  const values: AmfValue[] = [];
  while (cursor.at < data.length) values.push(readValue(cursor, 0));
  return values;
}

function readValue(cursor: Cursor, depth: number): AmfValue {
  if (depth > AMF_MAX_DEPTH) throw new AmfError("nested too deep");
  cursor.values += 1;
  if (cursor.values > AMF_MAX_VALUES) throw new AmfError("too many values");
  const marker = take(cursor, 1).readUInt8();
  switch (marker) {
    case 0x00:
      return take(cursor, 8).readDoubleBE();
    case 0x01:
      return take(cursor, 1).readUInt8() !== 0;
    case 0x02:
      return readText(cursor, take(cursor, 2).readUInt16BE());
    case 0x03:
      return readMap(cursor, depth);
    case 0x05:
      return null;
    case 0x06:
      return undefined;
    case 0x08:
      // The count of an ECMA array is a hint; its end marker counts.
      take(cursor, 4);
      return readMap(cursor, depth);
    case 0x0a:
      return readList(cursor, depth);
    case 0x0b:
      take(cursor, 2);
      return cursor.data.readDoubleBE(skip(cursor, 8));
    case 0x0c:
    case 0x0f:
      return readText(cursor, take(cursor, 4).readUInt32BE());
    default:
      throw new AmfError(`unknown type ${marker}`);
  }
}

function readMap(cursor: Cursor, depth: number): AmfMap {
  const map = new Map<string, AmfValue>();
  for (;;) {
    const name = readText(cursor, take(cursor, 2).readUInt16BE());
    if (name === "" && cursor.data[cursor.at] === 0x09) {
      cursor.at += 1;
      return map;
    }
    map.set(name, readValue(cursor, depth + 1));
  }
}

function readList(cursor: Cursor, depth: number): AmfValue[] {
  const count = take(cursor, 4).readUInt32BE();
  if (count > AMF_MAX_VALUES) throw new AmfError("too many values");
  return Array.from({ length: count }, () => readValue(cursor, depth + 1));
}

function readText(cursor: Cursor, sizeBytes: number): string {
  return take(cursor, sizeBytes).toString("utf8");
}

function take(cursor: Cursor, sizeBytes: number): Buffer {
  const from = skip(cursor, sizeBytes);
  return cursor.data.subarray(from, from + sizeBytes);
}

function skip(cursor: Cursor, sizeBytes: number): number {
  const from = cursor.at;
  if (sizeBytes > cursor.data.length - from) throw new AmfError("truncated");
  cursor.at += sizeBytes;
  return from;
}
