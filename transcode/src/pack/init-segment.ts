/** Initialization segments: ftyp and moov of H.264 and AAC tracks (ISO/IEC 14496-12, -14, -15). Pure. */
import { ascii, box, fullBox, u8, u16, u32 } from "./box.ts";
import { AUDIO_TIMESCALE, VIDEO_TIMESCALE } from "./grid.ts";

export const VIDEO_TRACK_ID = 1;
export const AUDIO_TRACK_ID = 2;

/** What a rung's tracks need said once. */
export interface TrackSetup {
  /** `avcC`: AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1). */
  readonly video: { readonly width: number; readonly height: number; readonly avcC: Buffer } | null;
  /** AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1) of 48 kHz stereo AAC. */
  readonly audio: { readonly config: Buffer } | null;
}

const MATRIX = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);
const zeros = (bytes: number): Buffer => Buffer.alloc(bytes);

/** The whole initialization segment; the video track comes first. */
export function writeInitSegment(setup: TrackSetup): Buffer {
  const traks: Buffer[] = [];
  const trexes: Buffer[] = [];
  if (setup.video) {
    traks.push(videoTrack(setup.video));
    trexes.push(fullBox("trex", 0, 0, u32(VIDEO_TRACK_ID, 1, 0, 0, 0)));
  }
  if (setup.audio) {
    traks.push(audioTrack(setup.audio.config));
    trexes.push(fullBox("trex", 0, 0, u32(AUDIO_TRACK_ID, 1, 0, 0, 0)));
  }
  const ftyp = box("ftyp", ascii("iso6"), u32(1), ascii("iso6cmfcmp41"));
  const mvhd = fullBox("mvhd", 0, 0, u32(0, 0, 1_000, 0, 0x10000), u16(0x100, 0), zeros(8), MATRIX, zeros(24), u32(3));
  return Buffer.concat([ftyp, box("moov", mvhd, ...traks, box("mvex", ...trexes))]);
}

function videoTrack(video: NonNullable<TrackSetup["video"]>): Buffer {
  const entry = box(
    "avc1",
    zeros(6),
    u16(1),
    zeros(16),
    u16(video.width, video.height),
    // 72 dpi, one picture a sample.
    u32(0x480000, 0x480000, 0),
    u16(1),
    zeros(32),
    u16(0x18, 0xffff),
    box("avcC", video.avcC),
    box("pasp", u32(1, 1)),
  );
  return track({
    id: VIDEO_TRACK_ID,
    timescale: VIDEO_TIMESCALE,
    size: { width: video.width, height: video.height },
    handler: "vide",
    header: fullBox("vmhd", 0, 1, zeros(8)),
    entry,
  });
}

function audioTrack(config: Buffer): Buffer {
  const entry = box(
    "mp4a",
    zeros(6),
    u16(1),
    zeros(8),
    u16(2, 16, 0, 0),
    u32(AUDIO_TIMESCALE * 0x10000),
    elementaryStream(config),
  );
  return track({
    id: AUDIO_TRACK_ID,
    timescale: AUDIO_TIMESCALE,
    size: null,
    handler: "soun",
    header: fullBox("smhd", 0, 0, zeros(4)),
    entry,
  });
}

/** esds: ES_Descriptor around a DecoderConfigDescriptor (ISO/IEC 14496-1, 7.2.6.5). */
function elementaryStream(config: Buffer): Buffer {
  const specific = descriptor(5, config);
  // Object type 0x40: MPEG-4 audio; stream type 5 (audio), reserved bit set; no buffer size or rates stated.
  const decoder = descriptor(4, Buffer.concat([u8(0x40, 0x15, 0, 0, 0), u32(0, 0), specific]));
  const sync = descriptor(6, u8(2));
  return fullBox("esds", 0, 0, descriptor(3, Buffer.concat([u16(AUDIO_TRACK_ID), u8(0), decoder, sync])));
}

function descriptor(tag: number, payload: Buffer): Buffer {
  if (payload.length > 127) throw new RangeError(`descriptor of ${payload.length} bytes`);
  return Buffer.concat([u8(tag, payload.length), payload]);
}

function track(of: {
  readonly id: number;
  readonly timescale: number;
  readonly size: { readonly width: number; readonly height: number } | null;
  readonly handler: string;
  readonly header: Buffer;
  readonly entry: Buffer;
}): Buffer {
  const volume = of.size ? 0 : 0x100;
  const size = of.size ? u32(of.size.width * 0x10000, of.size.height * 0x10000) : u32(0, 0);
  // Flags 3: enabled, in movie. No edit list: decode time is presentation time.
  const tkhd = fullBox("tkhd", 0, 3, u32(0, 0, of.id, 0, 0), zeros(8), u16(0, 0, volume, 0), MATRIX, size);
  const mdhd = fullBox("mdhd", 0, 0, u32(0, 0, of.timescale, 0), u16(0x55c4, 0));
  const hdlr = fullBox("hdlr", 0, 0, u32(0), ascii(of.handler), zeros(12), ascii("\0"));
  const dinf = box("dinf", fullBox("dref", 0, 0, u32(1), fullBox("url ", 0, 1)));
  const stbl = box(
    "stbl",
    fullBox("stsd", 0, 0, u32(1), of.entry),
    fullBox("stts", 0, 0, u32(0)),
    fullBox("stsc", 0, 0, u32(0)),
    fullBox("stsz", 0, 0, u32(0, 0)),
    fullBox("stco", 0, 0, u32(0)),
  );
  return box("trak", tkhd, box("mdia", mdhd, hdlr, box("minf", of.header, dinf, stbl)));
}
