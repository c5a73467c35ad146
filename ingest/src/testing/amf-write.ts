/** Writes AMF0 for the test client. */
export type AmfInput =
  | number
  | string
  | boolean
  | null
  | undefined
  | readonly AmfInput[]
  | { readonly [name: string]: AmfInput };

const text = (value: string): Buffer => {
  const bytes = Buffer.from(value);
  const head = Buffer.alloc(2);
  head.writeUInt16BE(bytes.length);
  return Buffer.concat([head, bytes]);
};

/** One value. Objects are written as AMF0 objects, or as ECMA arrays when `ecma` is set. */
export function writeAmf0Value(value: AmfInput, ecma = false): Buffer {
  if (typeof value === "number") {
    const bytes = Buffer.alloc(9);
    bytes.writeDoubleBE(value, 1);
    return bytes;
  }
  if (typeof value === "string") return Buffer.concat([Buffer.from([2]), text(value)]);
  if (typeof value === "boolean") return Buffer.from([1, value ? 1 : 0]);
  if (value === null) return Buffer.from([5]);
  if (value === undefined) return Buffer.from([6]);
  if (Array.isArray(value)) {
    const head = Buffer.from([0x0a, 0, 0, 0, 0]);
    head.writeUInt32BE(value.length, 1);
    return Buffer.concat([head, ...value.map((item: AmfInput) => writeAmf0Value(item))]);
  }
  const entries = Object.entries(value);
  const head = ecma ? Buffer.from([8, 0, 0, 0, entries.length]) : Buffer.from([3]);
  const fields = entries.flatMap(([name, field]) => [text(name), writeAmf0Value(field)]);
  return Buffer.concat([head, ...fields, Buffer.from([0, 0, 9])]);
}

export const writeAmf0 = (...values: readonly AmfInput[]): Buffer =>
  Buffer.concat(values.map((value) => writeAmf0Value(value)));
