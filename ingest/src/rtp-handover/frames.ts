/** Bytes of a hand-over: kind (1), track (1), payload length (2, BE), arrival (8, IEEE 754 double, BE), payload. */
import { Value } from "typebox/value";
import { type HandoverFrame, handoverHeaderSchema } from "./source-format.ts";

const FRAME_HEADER_BYTES = 12;
const KINDS = { header: 0x48, rtp: 0x52, rtcp: 0x43 } as const;
/** Shortest payloads that can be what they say: RFC 3550 5.1, 6.4.1. */
const LEAST_BYTES = { header: 2, rtp: 12, rtcp: 28 } as const;
const KIND_BY_BYTE: Readonly<Record<number, HandoverFrame["kind"]>> = { 72: "header", 82: "rtp", 67: "rtcp" };

/** The body is no hand-over, or is broken: its reader must connect anew. */
export class HandoverError extends Error {
  override readonly name = "HandoverError";
}

/** The bytes of one frame; a packet is copied. Throws RangeError for a payload of 64 KiB or more. */
export function writeHandoverFrame(frame: HandoverFrame): Buffer {
  const payload = frame.kind === "header" ? Buffer.from(JSON.stringify(frame.header)) : frame.packet;
  const bytes = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payload.length);
  bytes.writeUInt8(KINDS[frame.kind], 0);
  bytes.writeUInt8(frame.kind === "header" ? 0 : frame.track, 1);
  bytes.writeUInt16BE(payload.length, 2);
  bytes.writeDoubleBE(frame.kind === "header" ? 0 : frame.arrivalMs, 4);
  payload.copy(bytes, FRAME_HEADER_BYTES);
  return bytes;
}

/** Reads frames from chunks of any size; holds at most one unfinished frame. Packets are views on the chunks. */
export class HandoverReader {
  #rest: Buffer = Buffer.alloc(0);

  /** The frames completed by `chunk`, in order. Throws {@link HandoverError}. */
  push(chunk: Buffer): HandoverFrame[] {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    const frames: HandoverFrame[] = [];
    let at = 0;
    while (bytes.length - at >= FRAME_HEADER_BYTES) {
      if (!KIND_BY_BYTE[bytes.readUInt8(at)]) throw new HandoverError(`frame ${bytes.readUInt8(at)}`);
      const end = at + FRAME_HEADER_BYTES + bytes.readUInt16BE(at + 2);
      if (end > bytes.length) break;
      frames.push(readFrame(bytes, at, end));
      at = end;
    }
    // A copy, so that a slow stream does not keep the socket's large buffers alive.
    this.#rest = Buffer.from(bytes.subarray(at));
    return frames;
  }
}

function readFrame(bytes: Buffer, at: number, end: number): HandoverFrame {
  const kind = KIND_BY_BYTE[bytes.readUInt8(at)];
  const payload = bytes.subarray(at + FRAME_HEADER_BYTES, end);
  if (!kind || payload.length < LEAST_BYTES[kind]) throw new HandoverError(`frame ${bytes.readUInt8(at)}`);
  if (kind === "header") return { kind, header: readHeader(payload) };
  const arrivalMs = bytes.readDoubleBE(at + 4);
  if (!Number.isFinite(arrivalMs)) throw new HandoverError("no arrival time");
  return { kind, track: bytes.readUInt8(at + 1), arrivalMs, packet: payload };
}

function readHeader(payload: Buffer) {
  try {
    const header: unknown = JSON.parse(payload.toString());
    if (Value.Check(handoverHeaderSchema, header)) return header;
  } catch (error) {
    throw new HandoverError("header is not JSON", { cause: error });
  }
  throw new HandoverError("header does not fit");
}
