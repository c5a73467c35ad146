/**
 * Writes a program as NUT: raw yuv420p pictures and s16le sound, each with its absolute time, so that
 * timestamps survive gaps and a new encoder. NUT Open Container Format, revision 20180603; write only,
 * no index, no info packets.
 */
import type { ProgramFormat } from "../contract.ts";
import { SAMPLE_RATE } from "./frames.ts";

const FILE_ID = Buffer.from("nut/multimedia container\0", "latin1");
const MAIN_STARTCODE = 0x4e4d7a561f5f04adn;
const STREAM_STARTCODE = 0x4e5311405bf2f9dbn;
const SYNCPOINT_STARTCODE = 0x4e4be4adeeca4569n;

const VIDEO_STREAM = 0;
const AUDIO_STREAM = 1;
const TIME_BASES = 2;
/** Frames larger than this carry a checksum; all of ours do. */
const MAX_DISTANCE = 65_536;
/** Coded pts at or above 1 << shift are absolute; all of ours are. */
const MSB_PTS_SHIFT = 7;

const FLAG_KEY = 1;
const FLAG_CODED_PTS = 8;
const FLAG_STREAM_ID = 16;
const FLAG_SIZE_MSB = 32;
const FLAG_CHECKSUM = 64;
const FLAG_CODED = 4096;
const FRAME_FLAGS = FLAG_KEY | FLAG_CODED_PTS | FLAG_STREAM_ID | FLAG_SIZE_MSB | FLAG_CHECKSUM;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc >>> 0;
});

/** CRC-32 with polynomial 0x04C11DB7, first bit first, start 0, no final xor (NUT, "checksum"). */
function crc32(bytes: Buffer): number {
  let crc = 0;
  for (const byte of bytes) crc = ((crc << 8) ^ (CRC_TABLE[((crc >>> 24) ^ byte) & 0xff] ?? 0)) >>> 0;
  return crc;
}

/** Variable-length unsigned integer (NUT "v"): 7 bits a byte, high bit = more follow. */
function varint(value: number): number[] {
  const bytes = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) bytes.unshift((rest % 128) | 0x80);
  return bytes;
}

const varbytes = (bytes: Buffer): number[] => [...varint(bytes.length), ...bytes];

function packet(startcode: bigint, payload: readonly number[]): Buffer {
  const head = Buffer.alloc(8);
  head.writeBigUInt64BE(startcode);
  const body = Buffer.from(payload);
  const forward = Buffer.from(varint(body.length + 4));
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([head, forward, body, checksum]);
}

/** Head of the file: identification, main header and the two stream headers. */
export function nutHead(format: ProgramFormat): Buffer {
  const oneFrameCode = [...varint(FLAG_CODED), ...varint(6), ...[0, 1, 0, 0, 0].flatMap(varint), ...varint(255)];
  const main = [
    ...varint(3),
    ...varint(2),
    ...varint(MAX_DISTANCE),
    ...varint(TIME_BASES),
    ...[1, format.fps, 1, SAMPLE_RATE].flatMap(varint),
    ...oneFrameCode,
    ...varint(0),
  ];
  const common = (stream: number, streamClass: number, fourcc: Buffer) => [
    ...varint(stream),
    ...varint(streamClass),
    ...varbytes(fourcc),
    ...varint(stream),
    ...varint(MSB_PTS_SHIFT),
    ...varint(1),
    ...varint(0),
    ...varint(0),
    ...varint(0),
  ];
  const video = [
    ...common(VIDEO_STREAM, 0, Buffer.from("I420")),
    ...[format.width, format.height, 1, 1, 0].flatMap(varint),
  ];
  const audio = [
    ...common(AUDIO_STREAM, 1, Buffer.from([0x50, 0x53, 0x44, 16])),
    ...[SAMPLE_RATE, 1, 2].flatMap(varint),
  ];
  return Buffer.concat([
    FILE_ID,
    packet(MAIN_STARTCODE, main),
    packet(STREAM_STARTCODE, video),
    packet(STREAM_STARTCODE, audio),
  ]);
}

function frameHead(stream: number, pts: number, payloadBytes: number): Buffer {
  // A sync point before every frame: without one in reach ffmpeg takes large raw frames for damage.
  const syncpoint = packet(SYNCPOINT_STARTCODE, [...varint(pts * TIME_BASES + stream), ...varint(0)]);
  const head = Buffer.from([
    0,
    ...varint(FRAME_FLAGS),
    ...varint(stream),
    ...varint(pts + 2 ** MSB_PTS_SHIFT),
    ...varint(payloadBytes),
  ]);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(head));
  return Buffer.concat([syncpoint, head, checksum]);
}

/** What precedes the planes of picture `index` (pts in pictures). */
export const nutPictureHead = (index: number, payloadBytes: number): Buffer =>
  frameHead(VIDEO_STREAM, index, payloadBytes);

/** What precedes sound whose first sample is `sample` (pts in samples at 48 kHz). */
export const nutSoundHead = (sample: number, payloadBytes: number): Buffer =>
  frameHead(AUDIO_STREAM, sample, payloadBytes);
