/** Packs test media into RTP, as browsers do it or as they may. */

const MOST_BYTES = 1_100;

export interface PacketiseOptions {
  /** H.264 parameter sets: in one STAP-A with each other, or each in a packet of its own. */
  readonly parameterSets?: "together" | "apart";
}

/** Payloads of one H.264 access unit: STAP-A, single NAL units, FU-A. */
export function packH264(units: readonly Buffer[], options: PacketiseOptions = {}): Buffer[] {
  const isSet = (unit: Buffer): boolean => [7, 8].includes(unit.readUInt8(0) & 0x1f);
  const sets = units.filter(isSet);
  const together = options.parameterSets !== "apart" && sets.length > 1;
  const payloads = together ? [stapA(sets)] : sets.map((set) => Buffer.from(set));
  for (const unit of units.filter((each) => !isSet(each)))
    payloads.push(...(unit.length <= MOST_BYTES ? [unit] : fuA(unit)));
  return payloads;
}

function stapA(units: readonly Buffer[]): Buffer {
  const pieces = units.flatMap((unit) => {
    const size = Buffer.alloc(2);
    size.writeUInt16BE(unit.length);
    return [size, unit];
  });
  return Buffer.concat([Buffer.from([0x78]), ...pieces]);
}

function fuA(unit: Buffer): Buffer[] {
  const head = unit.readUInt8(0);
  const payloads: Buffer[] = [];
  for (let at = 1; at < unit.length; at += MOST_BYTES) {
    const end = Math.min(unit.length, at + MOST_BYTES);
    const flags = (at === 1 ? 0x80 : 0) | (end === unit.length ? 0x40 : 0);
    payloads.push(Buffer.concat([Buffer.from([(head & 0xe0) | 28, flags | (head & 0x1f)]), unit.subarray(at, end)]));
  }
  return payloads;
}

/** Payloads of one VP8 frame, each with a 15-bit picture number. */
export function packVp8(frame: Buffer, pictureId: number): Buffer[] {
  const payloads: Buffer[] = [];
  for (let at = 0; at < frame.length; at += MOST_BYTES) {
    const descriptor = [at === 0 ? 0x90 : 0x80, 0x80, 0x80 | ((pictureId >> 8) & 0x7f), pictureId & 0xff];
    payloads.push(Buffer.concat([Buffer.from(descriptor), frame.subarray(at, at + MOST_BYTES)]));
  }
  return payloads;
}

/** One RTP packet. */
export function rtpPacket(
  payload: Buffer,
  header: { readonly sequence: number; readonly timestamp: number; readonly ssrc: number; readonly marker: boolean },
): Buffer {
  const packet = Buffer.alloc(12 + payload.length);
  packet.writeUInt8(0x80, 0);
  packet.writeUInt8((header.marker ? 0x80 : 0) | 96, 1);
  packet.writeUInt16BE(header.sequence & 0xffff, 2);
  packet.writeUInt32BE(header.timestamp % 2 ** 32, 4);
  packet.writeUInt32BE(header.ssrc, 8);
  payload.copy(packet, 12);
  return packet;
}

/** One sender report. */
export function senderReport(options: {
  readonly ntpMs: number;
  readonly timestamp: number;
  readonly ssrc: number;
}): Buffer {
  const packet = Buffer.alloc(28);
  packet.writeUInt32BE(0x80c80006, 0);
  packet.writeUInt32BE(options.ssrc, 4);
  packet.writeUInt32BE(Math.floor(options.ntpMs / 1_000), 8);
  packet.writeUInt32BE(Math.floor(((options.ntpMs % 1_000) / 1_000) * 2 ** 32), 12);
  packet.writeUInt32BE(Math.round(options.timestamp) % 2 ** 32, 16);
  return packet;
}
