/** RTCP (RFC 3550 6, RFC 4585 6, RFC 5104 4.3.1, transport-wide-cc-extensions-01): reads what browsers send. */

export interface SenderReport {
  readonly kind: "sender-report";
  readonly ssrc: number;
  /** NTP time, 32.32 fixed point as milliseconds since 1900. */
  readonly ntpMs: number;
  /** The middle 32 bits of the NTP time, as receivers echo them. */
  readonly compactNtp: number;
  readonly rtpTimestamp: number;
  readonly packets: number;
  readonly octets: number;
}

export interface ReportBlock {
  readonly kind: "report-block";
  readonly senderSsrc: number;
  readonly ssrc: number;
  /** Share lost since the last report, 0 to 1. */
  readonly fractionLost: number;
  readonly highestSequence: number;
  /** RTP clock units. */
  readonly jitter: number;
  /** {@link SenderReport.compactNtp} of the last report received, 0 when none. */
  readonly lastReport: number;
  /** Since that report, 1/65536 s. */
  readonly delaySinceLastReport: number;
}

export type RtcpItem =
  | SenderReport
  | ReportBlock
  | { readonly kind: "nack"; readonly ssrc: number; readonly sequences: readonly number[] }
  | { readonly kind: "keyframe-request"; readonly ssrc: number }
  | { readonly kind: "bye"; readonly ssrc: number }
  /** Body of a transport-wide feedback packet; see `transport-feedback.ts`. */
  | { readonly kind: "transport-feedback"; readonly body: Buffer };

const NTP_FRACTION = 0x1_0000_0000;
/** Items read of one compound packet; a browser sends a few. */
const MAX_ITEMS = 256;

/** The items of a compound packet; stops at the first that is broken. */
export function readRtcp(packet: Buffer): RtcpItem[] {
  const items: RtcpItem[] = [];
  let at = 0;
  while (at + 8 <= packet.length && items.length < MAX_ITEMS) {
    const first = packet.readUInt8(at);
    const end = at + 4 * (packet.readUInt16BE(at + 2) + 1);
    if (first >> 6 !== 2 || end > packet.length || end < at + 8) break;
    readOne(packet.subarray(at, end), first & 0x1f, items);
    at = end;
  }
  return items;
}

function readOne(packet: Buffer, count: number, items: RtcpItem[]): void {
  const type = packet.readUInt8(1);
  if (type === 200) readSenderReport(packet, count, items);
  else if (type === 201) readBlocks(packet, 8, count, items);
  else if (type === 203) items.push({ kind: "bye", ssrc: packet.readUInt32BE(4) });
  else if (packet.length < 12) return;
  else if (type === 205 && count === 1) items.push(readNack(packet));
  else if (type === 205 && count === 15 && packet.length >= 20) {
    items.push({ kind: "transport-feedback", body: packet.subarray(12) });
  } else if (type === 206 && count === 1) items.push({ kind: "keyframe-request", ssrc: packet.readUInt32BE(8) });
  else if (type === 206 && count === 4 && packet.length >= 16) {
    // RFC 5104 4.3.1: the media source is named in the entry.
    items.push({ kind: "keyframe-request", ssrc: packet.readUInt32BE(12) });
  }
}

function readSenderReport(packet: Buffer, count: number, items: RtcpItem[]): void {
  if (packet.length < 28) return;
  const seconds = packet.readUInt32BE(8);
  const fraction = packet.readUInt32BE(12);
  items.push({
    kind: "sender-report",
    ssrc: packet.readUInt32BE(4),
    ntpMs: seconds * 1_000 + (fraction * 1_000) / NTP_FRACTION,
    compactNtp: ((seconds << 16) | (fraction >>> 16)) >>> 0,
    rtpTimestamp: packet.readUInt32BE(16),
    packets: packet.readUInt32BE(20),
    octets: packet.readUInt32BE(24),
  });
  readBlocks(packet, 28, count, items);
}

function readBlocks(packet: Buffer, start: number, count: number, items: RtcpItem[]): void {
  for (let i = 0, at = start; i < count && at + 24 <= packet.length; i += 1, at += 24) {
    items.push({
      kind: "report-block",
      senderSsrc: packet.readUInt32BE(4),
      ssrc: packet.readUInt32BE(at),
      fractionLost: packet.readUInt8(at + 4) / 256,
      highestSequence: packet.readUInt32BE(at + 8),
      jitter: packet.readUInt32BE(at + 12),
      lastReport: packet.readUInt32BE(at + 16),
      delaySinceLastReport: packet.readUInt32BE(at + 20),
    });
  }
}

function readNack(packet: Buffer): RtcpItem {
  const sequences: number[] = [];
  for (let at = 12; at + 4 <= packet.length; at += 4) {
    const first = packet.readUInt16BE(at);
    const mask = packet.readUInt16BE(at + 2);
    sequences.push(first);
    for (let bit = 0; bit < 16; bit += 1) if (mask & (1 << bit)) sequences.push((first + bit + 1) & 0xffff);
  }
  return { kind: "nack", ssrc: packet.readUInt32BE(8), sequences };
}
