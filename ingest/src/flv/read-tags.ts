/** Splits an FLV byte stream into tags. Adobe Flash Video File Format 10.1, annex E.4.1. */

/** One FLV tag: `data` is the tag's body, a view on the stream's bytes. */
export interface FlvTag {
  readonly type: "audio" | "video" | "script";
  /** Decode time in milliseconds. */
  readonly timestampMs: number;
  readonly data: Buffer;
}

/** The stream is not FLV, or a tag is larger than the reader allows. */
export class FlvError extends Error {
  override readonly name = "FlvError";
}

const FILE_HEADER_BYTES = 9;
const TAG_HEADER_BYTES = 11;
const PREVIOUS_TAG_SIZE_BYTES = 4;
const TYPES: Readonly<Record<number, FlvTag["type"]>> = { 8: "audio", 9: "video", 18: "script" };

/** Reads tags from chunks of any size; holds at most one unfinished tag. */
export class FlvReader {
  #rest: Buffer = Buffer.alloc(0);
  #started = false;
  readonly #maxTagBytes: number;

  constructor(options: { readonly maxTagBytes?: number } = {}) {
    this.#maxTagBytes = options.maxTagBytes ?? 4 * 1024 * 1024;
  }

  /** The tags completed by `chunk`, in order. Throws {@link FlvError}; the reader is then of no further use. */
  push(chunk: Buffer): FlvTag[] {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    if (!this.#started) {
      const headBytes = fileHeadBytes(bytes);
      if (headBytes === undefined) {
        this.#rest = Buffer.from(bytes);
        return [];
      }
      bytes = bytes.subarray(headBytes);
      this.#started = true;
    }
    const tags: FlvTag[] = [];
    let at = 0;
    for (;;) {
      const end = tagEnd(bytes, at, this.#maxTagBytes);
      if (end === undefined) break;
      const type = TYPES[bytes.readUInt8(at) & 0x1f];
      if (type) {
        const timestampMs = bytes.readUIntBE(at + 4, 3) + bytes.readUInt8(at + 7) * 0x1000000;
        tags.push({ type, timestampMs, data: bytes.subarray(at + TAG_HEADER_BYTES, end) });
      }
      at = end + PREVIOUS_TAG_SIZE_BYTES;
    }
    // A copy, so that a small rest does not keep a large chunk alive.
    this.#rest = at === bytes.length ? Buffer.alloc(0) : Buffer.from(bytes.subarray(at));
    return tags;
  }
}

/** Length of the file header with its back pointer, or undefined while it is not complete. */
function fileHeadBytes(bytes: Buffer): number | undefined {
  if (bytes.length < FILE_HEADER_BYTES) return undefined;
  if (bytes.toString("latin1", 0, 3) !== "FLV") throw new FlvError("no FLV header");
  const headerBytes = bytes.readUInt32BE(5);
  if (headerBytes < FILE_HEADER_BYTES || headerBytes > 64) throw new FlvError(`FLV header of ${headerBytes} bytes`);
  const headBytes = headerBytes + PREVIOUS_TAG_SIZE_BYTES;
  return bytes.length < headBytes ? undefined : headBytes;
}

/** Where the body of the tag at `at` ends, or undefined while the tag is not complete. */
function tagEnd(bytes: Buffer, at: number, maxTagBytes: number): number | undefined {
  if (bytes.length - at < TAG_HEADER_BYTES) return undefined;
  const size = bytes.readUIntBE(at + 1, 3);
  if (size > maxTagBytes) throw new FlvError(`tag of ${size} bytes`);
  const end = at + TAG_HEADER_BYTES + size;
  return bytes.length < end + PREVIOUS_TAG_SIZE_BYTES ? undefined : end;
}
