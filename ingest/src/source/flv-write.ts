/** Writes FLV (Adobe Flash Video File Format 10.1, annex E). */
import type { FlvTag } from "../flv/index.ts";

const TYPES = { audio: 8, video: 9, script: 18 } as const;
const HEADER_BYTES = 11;
const TRAILER_BYTES = 4;

/** File header with the first back pointer; the flags say which media will come. */
export function writeFlvHeader(media: { readonly audio: boolean; readonly video: boolean }): Buffer {
  const flags = (media.audio ? 4 : 0) | (media.video ? 1 : 0);
  return Buffer.from([0x46, 0x4c, 0x56, 1, flags, 0, 0, 0, 9, 0, 0, 0, 0]);
}

/** A copy of the tag as it stands in a file: header, body, back pointer. */
export function writeFlvTag(tag: FlvTag): Buffer {
  const size = tag.data.length;
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + size + TRAILER_BYTES);
  bytes.writeUInt8(TYPES[tag.type], 0);
  bytes.writeUIntBE(size, 1, 3);
  bytes.writeUIntBE(tag.timestampMs & 0xffffff, 4, 3);
  bytes.writeUInt8((tag.timestampMs >>> 24) & 0xff, 7);
  bytes.writeUIntBE(0, 8, 3);
  tag.data.copy(bytes, HEADER_BYTES);
  bytes.writeUInt32BE(HEADER_BYTES + size, HEADER_BYTES + size);
  return bytes;
}

/** The body of a tag made by {@link writeFlvTag}: a view on its bytes. */
export function flvTagBody(bytes: Buffer): Buffer {
  return bytes.subarray(HEADER_BYTES, bytes.length - TRAILER_BYTES);
}
