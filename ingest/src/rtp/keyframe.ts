/** Whether an RTP payload begins a picture that decodes by itself. Pure. */
import { vp8FrameStart } from "./vp8.ts";

export type VideoCodecName = "h264" | "vp8";

/** The start of a keyframe: of H.264 its parameter sets or IDR slice, of VP8 its first partition. */
export function beginsKeyframe(codec: VideoCodecName, payload: Buffer): boolean {
  return codec === "h264" ? h264Key(payload) : vp8Key(payload);
}

/** RFC 6184 5.4: single NAL units, STAP-A and the first fragment of FU-A; types 5 (IDR) and 7 (parameter set). */
function h264Key(payload: Buffer): boolean {
  if (payload.length < 2) return false;
  const type = payload.readUInt8(0) & 0x1f;
  if (type === 28) {
    const fragment = payload.readUInt8(1);
    return (fragment & 0x80) !== 0 && isKeyUnit(fragment & 0x1f);
  }
  if (type !== 24) return isKeyUnit(type);
  for (let at = 1; at + 3 <= payload.length; at += 2 + payload.readUInt16BE(at)) {
    if (isKeyUnit(payload.readUInt8(at + 2) & 0x1f)) return true;
  }
  return false;
}

const isKeyUnit = (type: number): boolean => type === 5 || type === 7;

/** RFC 7741 4.2 and 4.3: first packet of a frame whose P bit is 0. */
function vp8Key(payload: Buffer): boolean {
  const at = vp8FrameStart(payload);
  return at !== undefined && payload.length > at && (payload.readUInt8(at) & 0x01) === 0;
}
