/** Writes the RTCP packets this server sends (RFC 3550 6.4, RFC 4585 6.2.1 and 6.3.1). */

function header(type: number, count: number, bytes: number): Buffer {
  const packet = Buffer.alloc(bytes);
  packet.writeUInt8(0x80 | count, 0);
  packet.writeUInt8(type, 1);
  packet.writeUInt16BE(bytes / 4 - 1, 2);
  return packet;
}

export interface SenderReportFields {
  readonly ssrc: number;
  /** Milliseconds since 1900. */
  readonly ntpMs: number;
  readonly rtpTimestamp: number;
  readonly packets: number;
  readonly octets: number;
}

/** A sender report without report blocks: 28 bytes. */
export function writeSenderReport(report: SenderReportFields): Buffer {
  const packet = header(200, 0, 28);
  packet.writeUInt32BE(report.ssrc >>> 0, 4);
  const seconds = Math.floor(report.ntpMs / 1_000);
  packet.writeUInt32BE(seconds >>> 0, 8);
  packet.writeUInt32BE(Math.floor((report.ntpMs / 1_000 - seconds) * 0x1_0000_0000) >>> 0, 12);
  packet.writeUInt32BE(report.rtpTimestamp >>> 0, 16);
  packet.writeUInt32BE(report.packets >>> 0, 20);
  packet.writeUInt32BE(report.octets >>> 0, 24);
  return packet;
}

export interface ReceiverBlock {
  readonly ssrc: number;
  /** 0 to 255. */
  readonly fractionLost: number;
  readonly totalLost: number;
  readonly highestSequence: number;
  readonly jitter: number;
  readonly lastReport: number;
  readonly delaySinceLastReport: number;
}

/** A receiver report; at most 31 blocks are written. */
export function writeReceiverReport(senderSsrc: number, blocks: readonly ReceiverBlock[]): Buffer {
  const used = blocks.slice(0, 31);
  const packet = header(201, used.length, 8 + 24 * used.length);
  packet.writeUInt32BE(senderSsrc >>> 0, 4);
  for (const [i, block] of used.entries()) {
    const at = 8 + 24 * i;
    packet.writeUInt32BE(block.ssrc >>> 0, at);
    packet.writeUInt32BE(((block.fractionLost & 0xff) * 0x100_0000 + (block.totalLost & 0xff_ffff)) >>> 0, at + 4);
    packet.writeUInt32BE(block.highestSequence >>> 0, at + 8);
    packet.writeUInt32BE(Math.round(block.jitter) >>> 0, at + 12);
    packet.writeUInt32BE(block.lastReport >>> 0, at + 16);
    packet.writeUInt32BE(block.delaySinceLastReport >>> 0, at + 20);
  }
  return packet;
}

/** Asks for lost packets again: sequence numbers in rising order. */
export function writeNack(senderSsrc: number, ssrc: number, sequences: readonly number[]): Buffer {
  const pairs: [first: number, mask: number][] = [];
  for (const sequence of sequences) {
    const last = pairs.at(-1);
    const distance = last ? (sequence - last[0]) & 0xffff : 0;
    if (last && distance >= 1 && distance <= 16) last[1] |= 1 << (distance - 1);
    else pairs.push([sequence, 0]);
  }
  const packet = header(205, 1, 12 + 4 * pairs.length);
  packet.writeUInt32BE(senderSsrc >>> 0, 4);
  packet.writeUInt32BE(ssrc >>> 0, 8);
  for (const [i, [first, mask]] of pairs.entries()) {
    packet.writeUInt16BE(first, 12 + 4 * i);
    packet.writeUInt16BE(mask, 14 + 4 * i);
  }
  return packet;
}

/** Asks for a keyframe (picture loss indication). */
export function writeKeyframeRequest(senderSsrc: number, ssrc: number): Buffer {
  const packet = header(206, 1, 12);
  packet.writeUInt32BE(senderSsrc >>> 0, 4);
  packet.writeUInt32BE(ssrc >>> 0, 8);
  return packet;
}
