/**
 * Picture size from a decoder configuration: the SPS of H.264 (ITU-T H.264 7.3.2.1.1) and HEVC (H.265 7.3.2.2.1).
 * Reads are bounded: the bytes come from anybody who has a stream key.
 */
import type { VideoCodec } from "../flv/index.ts";

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** The coded size after cropping, or undefined when it cannot be read (always so for AV1). */
export function pictureSize(codec: VideoCodec, config: Buffer): PictureSize | undefined {
  try {
    const size = codec === "h264" ? h264Size(config) : codec === "hevc" ? hevcSize(config) : undefined;
    return size && size.width > 0 && size.height > 0 && size.width <= 16_384 && size.height <= 16_384
      ? size
      : undefined;
  } catch {
    return undefined;
  }
}

class Bits {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(nal: Buffer) {
    const bytes: number[] = [];
    // Emulation prevention: 00 00 03 stands for 00 00.
    for (let i = 0; i < nal.length; i += 1) {
      if (!(i >= 2 && nal[i] === 3 && nal[i - 1] === 0 && nal[i - 2] === 0)) bytes.push(nal.readUInt8(i));
    }
    this.#bytes = Buffer.from(bytes);
  }

  u(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i += 1) {
      const byte = this.#bytes.readUInt8(this.#at >> 3);
      value = value * 2 + ((byte >> (7 - (this.#at & 7))) & 1);
      this.#at += 1;
    }
    return value;
  }

  ue(): number {
    let zeros = 0;
    while (this.u(1) === 0) {
      zeros += 1;
      if (zeros > 31) throw new RangeError("exp-Golomb code too long");
    }
    return 2 ** zeros - 1 + this.u(zeros);
  }

  se(): number {
    const code = this.ue();
    return code % 2 === 0 ? -code / 2 : (code + 1) / 2;
  }
}

const HIGH_PROFILES = [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135];

function h264Size(avcC: Buffer): PictureSize {
  const bits = new Bits(avcC.subarray(8, 8 + avcC.readUInt16BE(6)));
  bits.u(8);
  const profile = bits.u(8);
  bits.u(16);
  bits.ue();
  const chroma = HIGH_PROFILES.includes(profile) ? readChroma(bits) : 1;
  bits.ue();
  skipPictureOrder(bits);
  bits.ue();
  bits.u(1);
  const macroblocksAcross = bits.ue() + 1;
  const mapUnitsDown = bits.ue() + 1;
  const frameOnly = bits.u(1);
  if (!frameOnly) bits.u(1);
  bits.u(1);
  const crop = readCrop(bits);
  const unitX = chroma === 1 || chroma === 2 ? 2 : 1;
  const unitY = (chroma === 1 ? 2 : 1) * (2 - frameOnly);
  return {
    width: macroblocksAcross * 16 - unitX * (crop.left + crop.right),
    height: (2 - frameOnly) * mapUnitsDown * 16 - unitY * (crop.top + crop.bottom),
  };
}

/** chroma_format_idc, past the bit depths and scaling matrices that follow it. */
function readChroma(bits: Bits): number {
  const chroma = bits.ue();
  if (chroma === 3) bits.u(1);
  bits.ue();
  bits.ue();
  bits.u(1);
  const lists = bits.u(1) ? (chroma === 3 ? 12 : 8) : 0;
  for (let i = 0; i < lists; i += 1) {
    if (bits.u(1)) skipScalingList(bits, i < 6 ? 16 : 64);
  }
  return chroma;
}

function skipPictureOrder(bits: Bits): void {
  const type = bits.ue();
  if (type === 0) bits.ue();
  if (type !== 1) return;
  bits.u(1);
  bits.se();
  bits.se();
  const cycle = bits.ue();
  if (cycle > 255) throw new RangeError("picture order cycle");
  for (let i = 0; i < cycle; i += 1) bits.se();
}

function skipScalingList(bits: Bits, size: number): void {
  let last = 8;
  let next = 8;
  for (let i = 0; i < size; i += 1) {
    if (next !== 0) next = (last + bits.se() + 256) % 256;
    if (next !== 0) last = next;
  }
}

function hevcSize(hvcC: Buffer): PictureSize {
  const bits = new Bits(hevcSps(hvcC));
  bits.u(16);
  bits.u(4);
  const subLayers = bits.u(3);
  bits.u(1);
  bits.u(96);
  const present = Array.from({ length: subLayers }, () => ({ profile: bits.u(1), level: bits.u(1) }));
  if (subLayers > 0) bits.u(2 * (8 - subLayers));
  for (const layer of present) bits.u(88 * layer.profile + 8 * layer.level);
  bits.ue();
  const chroma = bits.ue();
  if (chroma === 3) bits.u(1);
  const width = bits.ue();
  const height = bits.ue();
  const crop = readCrop(bits);
  const unitX = chroma === 1 || chroma === 2 ? 2 : 1;
  const unitY = chroma === 1 ? 2 : 1;
  return {
    width: width - unitX * (crop.left + crop.right),
    height: height - unitY * (crop.top + crop.bottom),
  };
}

function hevcSps(hvcC: Buffer): Buffer {
  let at = 23;
  for (let array = hvcC.readUInt8(22); array > 0; array -= 1) {
    const type = hvcC.readUInt8(at) & 0x3f;
    const count = hvcC.readUInt16BE(at + 1);
    at += 3;
    for (let i = 0; i < count; i += 1) {
      const size = hvcC.readUInt16BE(at);
      if (type === 33) return hvcC.subarray(at + 2, at + 2 + size);
      at += 2 + size;
    }
  }
  throw new RangeError("no SPS");
}

function readCrop(bits: Bits): { left: number; right: number; top: number; bottom: number } {
  if (!bits.u(1)) return { left: 0, right: 0, top: 0, bottom: 0 };
  const left = bits.ue();
  const right = bits.ue();
  const top = bits.ue();
  return { left, right, top, bottom: bits.ue() };
}
