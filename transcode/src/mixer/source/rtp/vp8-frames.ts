/** Makes VP8 frames of RTP payloads in order (RFC 7741 4.2, 4.3). */
import type { Ordered } from "./reorder.ts";
import type { AssembledFrame, FrameAssembler } from "./video-assembler.ts";

const MOST_BYTES = 8 * 1024 * 1024;

export class Vp8Frames implements FrameAssembler {
  #pieces: Buffer[] = [];
  #bytes = 0;
  #timestamp: number | null = null;
  #isBroken = false;
  /** Packets were lost right before this frame: only a keyframe can follow them. */
  #isAfterLoss = false;

  push(packet: Ordered): AssembledFrame[] {
    const done: AssembledFrame[] = [];
    const isNew = packet.timestamp !== this.#timestamp;
    if (packet.lostBefore > 0) this.#isBroken = true;
    if (this.#timestamp !== null && isNew) this.#finish(done);
    if (isNew) {
      this.#isBroken = false;
      this.#isAfterLoss = packet.lostBefore > 0;
    }
    this.#timestamp = packet.timestamp;
    this.#take(packet.payload);
    if (packet.marker) this.#finish(done);
    return done;
  }

  #take(payload: Buffer): void {
    const start = descriptorBytes(payload);
    if (start === null) {
      this.#isBroken = true;
      return;
    }
    const isStart = (payload.readUInt8(0) & 0x10) !== 0 && (payload.readUInt8(0) & 0x07) === 0;
    if (this.#pieces.length === 0 && !isStart) this.#isBroken = true;
    this.#pieces.push(payload.subarray(start));
    this.#bytes += payload.length - start;
    if (this.#bytes > MOST_BYTES) {
      this.#forget();
      this.#isBroken = true;
    }
  }

  #forget(): void {
    this.#pieces = [];
    this.#bytes = 0;
  }

  #finish(done: AssembledFrame[]): void {
    const data = Buffer.concat(this.#pieces);
    const timestamp = this.#timestamp;
    // RFC 6386 9.1: the first bit is 0 for keyframes.
    const isKey = data.length > 0 && (data.readUInt8(0) & 0x01) === 0;
    const isBroken = this.#isBroken || (this.#isAfterLoss && !isKey);
    this.#forget();
    this.#isBroken = false;
    this.#isAfterLoss = false;
    this.#timestamp = null;
    if (timestamp !== null && (data.length > 0 || isBroken)) done.push({ timestamp, data, key: isKey, isBroken });
  }
}

/** Length of the payload descriptor; null when nothing follows it. */
function descriptorBytes(payload: Buffer): number | null {
  if (payload.length < 2) return null;
  const isExtended = (payload.readUInt8(0) & 0x80) !== 0;
  const at = isExtended ? 2 + extensionBytes(payload) : 1;
  return at < payload.length ? at : null;
}

/** The fields that the extension byte says are there: picture number of one or two bytes, layer index, key index. */
function extensionBytes(payload: Buffer): number {
  const has = payload.readUInt8(1);
  const isLong = ((payload[2] ?? 0) & 0x80) !== 0;
  const picture = has & 0x80 ? Number(isLong) + 1 : 0;
  return picture + (has & 0x40 ? 1 : 0) + (has & 0x30 ? 1 : 0);
}
