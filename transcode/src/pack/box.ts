/** ISO base media file format boxes (ISO/IEC 14496-12, section 4.2). Writing only. Pure. */

/** One box: size, type, then its payload. */
export function box(type: string, ...payload: readonly Buffer[]): Buffer {
  const size = payload.reduce((sum, piece) => sum + piece.length, 8);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(size, 0);
  head.write(type, 4, "latin1");
  return Buffer.concat([head, ...payload], size);
}

/** One full box: a box whose payload starts with version and flags. */
export function fullBox(type: string, version: number, flags: number, ...payload: readonly Buffer[]): Buffer {
  return box(type, u32(version * 0x1000000 + flags), ...payload);
}

export const u8 = (...values: readonly number[]): Buffer => Buffer.from(values);

export function u16(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [at, value] of values.entries()) bytes.writeUInt16BE(value, at * 2);
  return bytes;
}

export function u32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [at, value] of values.entries()) bytes.writeUInt32BE(value, at * 4);
  return bytes;
}

export const ascii = (text: string): Buffer => Buffer.from(text, "latin1");
