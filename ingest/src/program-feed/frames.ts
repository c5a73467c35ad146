/** Bytes of a feed: kind (1), track or layer (1), flags (1), zero (1), payload length (4, BE), time (8, double, BE). */
import { Value } from "typebox/value";
import { type FeedFrame, feedHeaderSchema } from "./feed-format.ts";

const FRAME_HEADER_BYTES = 16;
/** A keyframe of the largest program is far below. */
const MAX_PAYLOAD_BYTES = 8 * 1024 * 1024;
const KINDS = { header: 0x48, config: 0x43, picture: 0x50, sound: 0x53 } as const;
const KIND_BY_BYTE: Readonly<Record<number, FeedFrame["kind"]>> = {
  72: "header",
  67: "config",
  80: "picture",
  83: "sound",
};
const FLAG_KEY = 1;
const SOUND_TRACKS = ["mix", "solo"] as const;

/** The body is no feed, or is broken: its reader must connect anew. */
export class FeedError extends Error {
  override readonly name = "FeedError";
}

/** The bytes of one frame; the payload is copied. Throws RangeError for one that no reader would take. */
export function writeFeedFrame(frame: FeedFrame): Buffer {
  const payload = frame.kind === "header" ? Buffer.from(JSON.stringify(frame.header)) : frame.data;
  if (payload.length > MAX_PAYLOAD_BYTES) throw new RangeError(`frame of ${payload.length} bytes`);
  const bytes = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payload.length);
  bytes.writeUInt8(KINDS[frame.kind], 0);
  bytes.writeUInt8(placeOf(frame), 1);
  bytes.writeUInt16BE(frame.kind === "picture" && frame.key ? FLAG_KEY << 8 : 0, 2);
  bytes.writeUInt32BE(payload.length, 4);
  bytes.writeDoubleBE("atMs" in frame ? frame.atMs : 0, 8);
  payload.copy(bytes, FRAME_HEADER_BYTES);
  return bytes;
}

function placeOf(frame: FeedFrame): number {
  if (frame.kind === "header") return 0;
  return frame.kind === "sound" ? SOUND_TRACKS.indexOf(frame.track) : frame.layer;
}

/** Reads frames from chunks of any size; holds at most one unfinished frame. */
export class FeedReader {
  #rest: Buffer[] = [];
  #restBytes = 0;
  #wanted = FRAME_HEADER_BYTES;

  /** The frames completed by `chunk`, in order. Throws {@link FeedError}. */
  push(chunk: Buffer): FeedFrame[] {
    this.#rest.push(chunk);
    this.#restBytes += chunk.length;
    if (this.#restBytes < this.#wanted) return [];
    const bytes = this.#rest.length > 1 ? Buffer.concat(this.#rest) : chunk;
    const frames: FeedFrame[] = [];
    let at = 0;
    for (;;) {
      this.#wanted = sizeAt(bytes, at);
      if (at + this.#wanted > bytes.length) break;
      frames.push(readFrame(bytes.subarray(at, at + this.#wanted)));
      at += this.#wanted;
    }
    this.#rest = at < bytes.length ? [Buffer.from(bytes.subarray(at))] : [];
    this.#restBytes = bytes.length - at;
    return frames;
  }
}

/** Bytes of the frame at a place, as far as they can be told yet. */
function sizeAt(bytes: Buffer, at: number): number {
  if (bytes.length - at < FRAME_HEADER_BYTES) return FRAME_HEADER_BYTES;
  const kind = bytes.readUInt8(at);
  const size = bytes.readUInt32BE(at + 4);
  if (!KIND_BY_BYTE[kind] || size > MAX_PAYLOAD_BYTES) throw new FeedError(`frame ${kind} of ${size} bytes`);
  return FRAME_HEADER_BYTES + size;
}

function readFrame(bytes: Buffer): FeedFrame {
  const kind = KIND_BY_BYTE[bytes.readUInt8(0)];
  const place = bytes.readUInt8(1);
  const atMs = bytes.readDoubleBE(8);
  const data = bytes.subarray(FRAME_HEADER_BYTES);
  if (!Number.isFinite(atMs)) throw new FeedError("no time");
  switch (kind) {
    case "header":
      return { kind, header: readHeader(data) };
    case "config":
      return { kind, layer: place, data };
    case "picture":
      return { kind, layer: place, key: (bytes.readUInt8(2) & FLAG_KEY) !== 0, atMs, data };
    case "sound": {
      const track = SOUND_TRACKS[place];
      if (track) return { kind, track, atMs, data };
      throw new FeedError(`sound ${place}`);
    }
    default:
      throw new FeedError("unknown frame");
  }
}

function readHeader(payload: Buffer) {
  try {
    const header: unknown = JSON.parse(payload.toString());
    if (Value.Check(feedHeaderSchema, header)) return header;
  } catch (error) {
    throw new FeedError("header is not JSON", { cause: error });
  }
  throw new FeedError("header does not fit");
}
