/** Codec strings (RFC 6381, section 3.3). Pure. */

/** `avc1.PPCCLL` from an AVCDecoderConfigurationRecord. Throws RangeError when it is too short. */
export function avcCodecName(avcC: Buffer): string {
  if (avcC.length < 7 || avcC.readUInt8(0) !== 1) throw new RangeError("not an AVCDecoderConfigurationRecord");
  return `avc1.${avcC.toString("hex", 1, 4)}`;
}

/** `mp4a.40.N` from an AudioSpecificConfig. Throws RangeError when it is too short. */
export function aacCodecName(config: Buffer): string {
  if (config.length < 2) throw new RangeError("not an AudioSpecificConfig");
  const type = config.readUInt8(0) >> 3;
  if (type !== 31) return `mp4a.40.${type}`;
  return `mp4a.40.${32 + ((config.readUInt16BE(0) >> 5) & 0x3f)}`;
}
