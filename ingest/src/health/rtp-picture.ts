/** Picture sizes from the start of keyframes in RTP payloads. Pure. */
import { vp8FrameStart } from "../rtp/vp8.ts";
import type { PictureSize } from "./picture-size.ts";

/** RFC 7741 4.2, RFC 6386 9.1: the frame header of a VP8 keyframe; undefined when it is cut short. */
export function vp8Size(payload: Buffer): PictureSize | undefined {
  const at = vp8FrameStart(payload);
  if (at === undefined || payload.length < at + 10 || payload.readUIntBE(at + 3, 3) !== 0x9d012a) return undefined;
  return { width: payload.readUInt16LE(at + 6) & 0x3fff, height: payload.readUInt16LE(at + 8) & 0x3fff };
}

/** An avcC around the sequence parameter set that an H.264 payload holds; undefined when it holds none. */
export function wrapParameterSet(payload: Buffer): Buffer | undefined {
  const set = findParameterSet(payload);
  if (!set || set.length < 4) return undefined;
  const head = Buffer.from([1, set.readUInt8(1), set.readUInt8(2), set.readUInt8(3), 0xff, 0xe1, 0, 0]);
  head.writeUInt16BE(set.length, 6);
  return Buffer.concat([head, set, Buffer.from([0])]);
}

function findParameterSet(payload: Buffer): Buffer | undefined {
  const type = (payload[0] ?? 0) & 0x1f;
  if (type === 7) return payload;
  if (type !== 24) return undefined;
  for (let at = 1; at + 3 <= payload.length; at += 2 + payload.readUInt16BE(at)) {
    const unit = payload.subarray(at + 2, at + 2 + payload.readUInt16BE(at));
    if (((unit[0] ?? 0) & 0x1f) === 7) return unit;
  }
  return undefined;
}
