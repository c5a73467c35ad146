/**
 * RTP packets (RFC 3550 5.1) with one- and two-byte header extensions (RFC 8285). Reads in place and writes fresh
 * buffers: every packet of every participant goes through here, so nothing is turned into objects it does not need.
 */

export interface RtpHeader {
  readonly marker: boolean;
  readonly payloadType: number;
  /** 16 bits. */
  readonly sequence: number;
  /** 32 bits, in the codec's clock. */
  readonly timestamp: number;
  readonly ssrc: number;
  /** Profile of the header extension, 0 when there is none. */
  readonly extensionProfile: number;
  readonly extensionStart: number;
  readonly payloadStart: number;
  /** End of the payload, without padding. */
  readonly payloadEnd: number;
}

const FIXED_BYTES = 12;
const ONE_BYTE_PROFILE = 0xbede;

/** RFC 5761 4: on a shared port, the second byte tells RTCP (192 to 223) from RTP. */
export function isRtcp(packet: Buffer): boolean {
  const type = packet[1] ?? 0;
  return packet.length >= 8 && type >= 192 && type <= 223;
}

/** Reads a header; undefined for what is no whole RTP packet. */
export function readRtp(packet: Buffer): RtpHeader | undefined {
  if (packet.length < FIXED_BYTES) return undefined;
  const first = packet.readUInt8(0);
  if (first >> 6 !== 2) return undefined;
  const second = packet.readUInt8(1);
  const extensionStart = FIXED_BYTES + 4 * (first & 0x0f);
  let payloadStart = extensionStart;
  let extensionProfile = 0;
  if (first & 0x10) {
    if (packet.length < extensionStart + 4) return undefined;
    extensionProfile = packet.readUInt16BE(extensionStart);
    payloadStart += 4 + 4 * packet.readUInt16BE(extensionStart + 2);
  }
  const padding = first & 0x20 ? packet.readUInt8(packet.length - 1) : 0;
  const payloadEnd = packet.length - padding;
  if (payloadStart > payloadEnd) return undefined;
  return {
    marker: (second & 0x80) !== 0,
    payloadType: second & 0x7f,
    sequence: packet.readUInt16BE(2),
    timestamp: packet.readUInt32BE(4),
    ssrc: packet.readUInt32BE(8),
    extensionProfile,
    extensionStart,
    payloadStart,
    payloadEnd,
  };
}

/** One header extension by its negotiated id (1 to 14): a view on the packet. */
export function readExtension(packet: Buffer, header: RtpHeader, id: number): Buffer | undefined {
  const { extensionProfile: profile, extensionStart, payloadStart } = header;
  if (profile === 0 || id === 0) return undefined;
  const elements = packet.subarray(extensionStart + 4, payloadStart);
  if (profile === ONE_BYTE_PROFILE) return findOneByte(elements, id);
  return profile >> 4 === 0x100 ? findTwoByte(elements, id) : undefined;
}

/** RFC 8285 4.2: a zero byte is padding; id 15 ends the list. */
function findOneByte(elements: Buffer, id: number): Buffer | undefined {
  let at = 0;
  while (at < elements.length) {
    const first = elements.readUInt8(at);
    const found = first >> 4;
    const end = first === 0 ? at + 1 : at + 2 + (first & 0x0f);
    if (found === 15 || end > elements.length) return undefined;
    if (found === id) return elements.subarray(at + 1, end);
    at = end;
  }
  return undefined;
}

/** RFC 8285 4.3. */
function findTwoByte(elements: Buffer, id: number): Buffer | undefined {
  let at = 0;
  while (at + 1 < elements.length) {
    const found = elements.readUInt8(at);
    const end = found === 0 ? at + 1 : at + 2 + elements.readUInt8(at + 1);
    if (end > elements.length) return undefined;
    if (found === id) return elements.subarray(at + 2, end);
    at = end;
  }
  return undefined;
}

/** What a forwarded packet is given anew. */
export interface RtpRewrite {
  readonly payloadType: number;
  readonly sequence: number;
  readonly timestamp: number;
  readonly ssrc: number;
  readonly marker: boolean;
  /** Id of the transport-wide sequence number extension, 0 for none; its value is put in at sending. */
  readonly transportSequenceId: number;
  /** RFC 4588 4: goes before the payload of a retransmission. */
  readonly originalSequence?: number;
}

const EXTENSION_BYTES = 8;
/** Offset of the transport-wide sequence number in a packet made by {@link writeRtp} with that extension. */
export const TRANSPORT_SEQUENCE_OFFSET = FIXED_BYTES + 5;

/** A packet with a new header around `payload`; contributing sources and other extensions are left out. */
export function writeRtp(payload: Buffer, to: RtpRewrite): Buffer {
  const extensionBytes = to.transportSequenceId > 0 ? EXTENSION_BYTES : 0;
  const osnBytes = to.originalSequence === undefined ? 0 : 2;
  const start = FIXED_BYTES + extensionBytes + osnBytes;
  const packet = Buffer.allocUnsafe(start + payload.length);
  packet[0] = extensionBytes > 0 ? 0x90 : 0x80;
  packet[1] = (to.marker ? 0x80 : 0) | to.payloadType;
  packet.writeUInt16BE(to.sequence, 2);
  packet.writeUInt32BE(to.timestamp >>> 0, 4);
  packet.writeUInt32BE(to.ssrc >>> 0, 8);
  if (extensionBytes > 0) {
    packet.writeUInt32BE(0xbede_0001, FIXED_BYTES);
    packet[FIXED_BYTES + 4] = (to.transportSequenceId << 4) | 1;
    packet.fill(0, FIXED_BYTES + 5, FIXED_BYTES + 8);
  }
  if (to.originalSequence !== undefined) packet.writeUInt16BE(to.originalSequence, start - 2);
  payload.copy(packet, start);
  return packet;
}
