/** Cuts H.264 pictures into RTP payloads (RFC 6184, packetisation mode 1). Pure. */

/** With headers, extensions and SRTP below the 1,280 bytes that every path carries. */
const MAX_PAYLOAD_BYTES = 1_150;
const STAP_A = 24;
const FU_A = 28;
const IDR = 5;
/** Supplemental information and access unit delimiters: of no use to a player. */
const LEFT_OUT = new Set([6, 9]);

/** The parameter sets of an AVCDecoderConfigurationRecord (ISO/IEC 14496-15 5.3.3.1); empty when it has none. */
export function parameterSets(config: Buffer): Buffer[] {
  if (config.length < 7) return [];
  const sets: Buffer[] = [];
  let at = 5;
  for (const mask of [0x1f, 0xff]) {
    let count = (config[at] ?? 0) & mask;
    at += 1;
    for (; count > 0 && at + 2 <= config.length; count -= 1) {
      const size = config.readUInt16BE(at);
      if (size > 0 && at + 2 + size <= config.length) sets.push(config.subarray(at + 2, at + 2 + size));
      at += 2 + size;
    }
  }
  return sets;
}

/** NAL units of a picture with 4-byte lengths; what is cut off is left out. */
export function nalUnits(picture: Buffer): Buffer[] {
  const units: Buffer[] = [];
  for (let at = 0; at + 4 <= picture.length; ) {
    const size = picture.readUInt32BE(at);
    const unit = picture.subarray(at + 4, at + 4 + size);
    if (size > 0 && unit.length === size) units.push(unit);
    at += 4 + size;
  }
  return units;
}

/** Payloads of one picture, in order; a keyframe begins with its parameter sets in one packet. */
export function packetise(picture: Buffer, options: { readonly sets: readonly Buffer[] }): Buffer[] {
  const units = nalUnits(picture).filter((unit) => !LEFT_OUT.has(typeOf(unit)));
  const isKey = units.some((unit) => typeOf(unit) === IDR);
  const head = isKey && options.sets.length > 0 ? [aggregate(options.sets)] : [];
  return [...head, ...units.flatMap((unit) => (unit.length <= MAX_PAYLOAD_BYTES ? [unit] : fragment(unit)))];
}

const typeOf = (unit: Buffer): number => (unit[0] ?? 0) & 0x1f;

/** RFC 6184 5.7.1. */
function aggregate(units: readonly Buffer[]): Buffer {
  const importance = Math.max(...units.map((unit) => (unit[0] ?? 0) & 0x60));
  return Buffer.concat([
    Buffer.from([importance | STAP_A]),
    ...units.flatMap((unit) => [Buffer.from([unit.length >> 8, unit.length & 0xff]), unit]),
  ]);
}

/** RFC 6184 5.8. */
function fragment(unit: Buffer): Buffer[] {
  const first = unit[0] ?? 0;
  const body = unit.subarray(1);
  const count = Math.ceil(body.length / (MAX_PAYLOAD_BYTES - 2));
  const size = Math.ceil(body.length / count);
  return Array.from({ length: count }, (_, i) => {
    const flags = (i === 0 ? 0x80 : 0) | (i === count - 1 ? 0x40 : 0);
    const head = Buffer.from([(first & 0xe0) | FU_A, flags | (first & 0x1f)]);
    return Buffer.concat([head, body.subarray(i * size, (i + 1) * size)]);
  });
}
