/** The packets of an Ogg stream, headers first. RFC 3533 6: packets are runs of lacing values that end with one below 255. */
export function oggPackets(bytes: Buffer): Buffer[] {
  const packets: Buffer[] = [];
  let pieces: Buffer[] = [];
  for (let at = 0; at + 27 <= bytes.length; ) {
    const segments = bytes.readUInt8(at + 26);
    let data = at + 27 + segments;
    for (let i = 0; i < segments; i++) {
      const size = bytes.readUInt8(at + 27 + i);
      pieces.push(bytes.subarray(data, data + size));
      data += size;
      if (size < 255) {
        packets.push(Buffer.concat(pieces));
        pieces = [];
      }
    }
    at = data;
  }
  return packets;
}
