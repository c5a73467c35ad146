/** Reads RTP packets and sender reports as far as a receiver of one track needs them (RFC 3550 5.1, 6.4.1). Pure. */

export interface RtpPacket {
  readonly marker: boolean;
  /** 16 bits. */
  readonly sequence: number;
  /** 32 bits, in the codec's clock. */
  readonly timestamp: number;
  /** A view on the packet, without padding. */
  readonly payload: Buffer;
}

const FIXED_BYTES = 12;
const SENDER_REPORT = 200;
const REPORT_BYTES = 28;
const NTP_FRACTION = 0x1_0000_0000;

/** The packet, or null when it is no whole one. */
export function readRtp(packet: Buffer): RtpPacket | null {
  if (packet.length < FIXED_BYTES) return null;
  const first = packet.readUInt8(0);
  if (first >> 6 !== 2) return null;
  let start = FIXED_BYTES + 4 * (first & 0x0f);
  if (first & 0x10) {
    if (packet.length < start + 4) return null;
    start += 4 + 4 * packet.readUInt16BE(start + 2);
  }
  const end = packet.length - (first & 0x20 ? packet.readUInt8(packet.length - 1) : 0);
  if (start > end) return null;
  return {
    marker: (packet.readUInt8(1) & 0x80) !== 0,
    sequence: packet.readUInt16BE(2),
    timestamp: packet.readUInt32BE(4),
    payload: packet.subarray(start, end),
  };
}

/** A moment on the sender's wall clock and the same one on the track's. */
export interface SenderReport {
  readonly ntpMs: number;
  readonly timestamp: number;
}

/** The report that a packet begins with, or null when it begins with none. */
export function readSenderReport(packet: Buffer): SenderReport | null {
  if (packet.length < REPORT_BYTES || packet.readUInt8(0) >> 6 !== 2 || packet.readUInt8(1) !== SENDER_REPORT)
    return null;
  const ntpMs = packet.readUInt32BE(8) * 1_000 + (packet.readUInt32BE(12) * 1_000) / NTP_FRACTION;
  return { ntpMs, timestamp: packet.readUInt32BE(16) };
}

/** Makes a counter that wraps at 2^bits continuous; steps of less than half of it, either way, are told right. */
export class Unwrapper {
  readonly #modulus: number;
  #last: number | null = null;

  constructor(options: { readonly bits: 16 | 32 }) {
    this.#modulus = 2 ** options.bits;
  }

  unwrap(value: number): number {
    if (this.#last === null) {
      // Reordered packets before the first stay positive.
      this.#last = value + this.#modulus;
      return this.#last;
    }
    const half = this.#modulus / 2;
    const step = ((((value - this.#last + half) % this.#modulus) + this.#modulus) % this.#modulus) - half;
    const unwrapped = this.#last + step;
    this.#last = Math.max(this.#last, unwrapped);
    return unwrapped;
  }
}
