/**
 * Reads the bodies of FLV audio and video tags: H.264 and AAC in the classic form (annex E.4.2, E.4.3),
 * HEVC, AV1 and H.264 in the enhanced form by FourCC (Enhanced RTMP 2). Multitrack and ModEx are not read.
 */

/** Body of a video tag. */
export type VideoTag =
  /** Decoder configuration: avcC, hvcC or av1C. */
  | { readonly kind: "config"; readonly codec: VideoCodec; readonly config: Buffer }
  /** One access unit, length-prefixed NAL units (H.264, HEVC) or OBUs (AV1). `compositionMs` = pts - dts. */
  | {
      readonly kind: "frame";
      readonly codec: VideoCodec;
      readonly key: boolean;
      readonly compositionMs: number;
      readonly data: Buffer;
    }
  /** End of sequence, command frames: nothing to decode. */
  | { readonly kind: "other" }
  | { readonly kind: "unsupported"; readonly name: string };

export type VideoCodec = "h264" | "hevc" | "av1";

/** Body of an audio tag. */
export type AudioTag =
  /** AudioSpecificConfig (ISO/IEC 14496-3). */
  | { readonly kind: "config"; readonly codec: "aac"; readonly config: Buffer }
  | { readonly kind: "frame"; readonly codec: "aac"; readonly data: Buffer }
  | { readonly kind: "other" }
  | { readonly kind: "unsupported"; readonly name: string };

const FOURCC: Readonly<Record<string, VideoCodec>> = { avc1: "h264", hvc1: "hevc", hev1: "hevc", av01: "av1" };
const AVC = 7;
const AAC = 10;

/** Never throws: what cannot be read is `other` or `unsupported`. */
export function parseVideoTag(data: Buffer): VideoTag {
  if (data.length < 1) return { kind: "other" };
  const head = data.readUInt8(0);
  if (head & 0x80) return parseEnhancedVideo(head, data);
  if ((head & 0x0f) !== AVC) return { kind: "unsupported", name: `FLV codec ${head & 0x0f}` };
  if (data.length < 5) return { kind: "other" };
  const packetType = data.readUInt8(1);
  if (packetType > 1 || data.length === 5) return { kind: "other" };
  if (packetType === 0) return { kind: "config", codec: "h264", config: data.subarray(5) };
  return {
    kind: "frame",
    codec: "h264",
    key: head >> 4 === 1,
    compositionMs: data.readIntBE(2, 3),
    data: data.subarray(5),
  };
}

function parseEnhancedVideo(head: number, data: Buffer): VideoTag {
  if (data.length < 6) return { kind: "other" };
  const fourcc = data.toString("latin1", 1, 5);
  const codec = FOURCC[fourcc];
  if (!codec) return { kind: "unsupported", name: JSON.stringify(fourcc) };
  const packetType = head & 0x0f;
  const key = ((head >> 4) & 0x07) === 1;
  if (packetType === 0) return { kind: "config", codec, config: data.subarray(5) };
  // CodedFrames carries a composition time for H.264 and HEVC; CodedFramesX never does.
  if (packetType === 1 && codec !== "av1") {
    if (data.length <= 8) return { kind: "other" };
    return { kind: "frame", codec, key, compositionMs: data.readIntBE(5, 3), data: data.subarray(8) };
  }
  if ((packetType === 1 || packetType === 3) && data.length > 5) {
    return { kind: "frame", codec, key, compositionMs: 0, data: data.subarray(5) };
  }
  return { kind: "other" };
}

/** Never throws: what cannot be read is `other` or `unsupported`. */
export function parseAudioTag(data: Buffer): AudioTag {
  if (data.length < 1) return { kind: "other" };
  const format = data.readUInt8(0) >> 4;
  if (format === 9 && data.length >= 5) {
    const fourcc = data.toString("latin1", 1, 5);
    if (fourcc !== "mp4a") return { kind: "unsupported", name: JSON.stringify(fourcc) };
    return aacBody(data.readUInt8(0) & 0x0f, data.subarray(5));
  }
  if (format !== AAC) return { kind: "unsupported", name: `FLV sound format ${format}` };
  if (data.length < 2) return { kind: "other" };
  return aacBody(data.readUInt8(1), data.subarray(2));
}

function aacBody(packetType: number, body: Buffer): AudioTag {
  if (body.length === 0 || packetType > 1) return { kind: "other" };
  return packetType === 0
    ? { kind: "config", codec: "aac", config: body }
    : { kind: "frame", codec: "aac", data: body };
}
