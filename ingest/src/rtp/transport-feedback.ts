/**
 * Transport-wide congestion control feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 3.1), both ways:
 * written for what publishers send us, read for what we send viewers.
 */

/** When one packet arrived, by its transport-wide sequence number; undefined: it has not. */
export interface FeedbackEntry {
  readonly sequence: number;
  /** Milliseconds on the receiver's clock of this feedback. */
  readonly arrivalMs: number | undefined;
}

const DELTA_MS = 0.25;
const REFERENCE_MS = 64;
/** Packets one feedback tells of at most. */
const MAX_PACKETS = 1_024;

/** Reads the body (after the SSRCs); empty when it is broken. */
export function readTransportFeedback(body: Buffer): FeedbackEntry[] {
  const base = body.readUInt16BE(0);
  const count = Math.min(body.readUInt16BE(2), MAX_PACKETS);
  const symbols: number[] = [];
  let at = 8;
  for (; symbols.length < count; at += 2) {
    if (at + 2 > body.length) return [];
    readChunk(body.readUInt16BE(at), symbols);
  }
  return readDeltas(body, at, symbols.slice(0, count)).map((arrivalMs, i) => ({
    sequence: (base + i) & 0xffff,
    arrivalMs,
  }));
}

/** Arrival times by symbol: 0 lost, 1 a small delta, 2 a large or negative one. Empty when they are cut short. */
function readDeltas(body: Buffer, start: number, symbols: readonly number[]): (number | undefined)[] {
  let atMs = body.readIntBE(4, 3) * REFERENCE_MS;
  let at = start;
  const times: (number | undefined)[] = [];
  for (const symbol of symbols) {
    const size = symbol > 2 ? 0 : symbol;
    if (at + size > body.length) return [];
    if (size === 1) atMs += body.readUInt8(at) * DELTA_MS;
    else if (size === 2) atMs += body.readInt16BE(at) * DELTA_MS;
    times.push(size > 0 ? atMs : undefined);
    at += size;
  }
  return times;
}

function readChunk(chunk: number, symbols: number[]): void {
  if ((chunk & 0x8000) === 0) {
    const symbol = (chunk >> 13) & 3;
    for (let run = chunk & 0x1fff; run > 0 && symbols.length < MAX_PACKETS; run -= 1) symbols.push(symbol);
  } else if ((chunk & 0x4000) === 0) {
    for (let bit = 13; bit >= 0; bit -= 1) symbols.push((chunk >> bit) & 1);
  } else {
    for (let pair = 6; pair >= 0; pair -= 1) symbols.push((chunk >> (2 * pair)) & 3);
  }
}

/** Notes arrivals of one transport, and makes the feedback packets about them. Pure: times come in. */
export class TransportFeedback {
  readonly #arrivals = new Map<number, number>();
  #next: number | undefined;
  #highest = 0;
  #serial = 0;

  /** `sequence`: 16 bits from the header extension. */
  arrived(sequence: number, nowMs: number): void {
    if (this.#next === undefined) {
      this.#next = sequence;
      this.#highest = sequence;
    }
    // Unrolled to a growing number around the highest seen.
    const unrolled = this.#highest + (((sequence - this.#highest + 0x1_8000) & 0xffff) - 0x8000);
    if (unrolled < this.#next || unrolled - this.#next > 8_000) {
      if (unrolled >= this.#next) this.#restart(unrolled);
      else return;
    }
    this.#highest = Math.max(this.#highest, unrolled);
    this.#arrivals.set(unrolled, nowMs);
  }

  /** The feedback due now; undefined when nothing has come since the last. */
  take(senderSsrc: number, mediaSsrc: number): Buffer | undefined {
    const base = this.#next;
    if (base === undefined || this.#arrivals.size === 0) return undefined;
    const count = Math.min(this.#highest - base + 1, MAX_PACKETS);
    const times: (number | undefined)[] = [];
    for (let i = 0; i < count; i += 1) {
      times.push(this.#arrivals.get(base + i));
      this.#arrivals.delete(base + i);
    }
    this.#next = base + count;
    const firstMs = times.find((time) => time !== undefined);
    if (firstMs === undefined) return undefined;
    const packet = writeFeedback(times, { base, firstMs, senderSsrc, mediaSsrc, serial: this.#serial });
    this.#serial = (this.#serial + 1) & 0xff;
    return packet;
  }

  #restart(sequence: number): void {
    this.#arrivals.clear();
    this.#next = sequence;
  }
}

function writeFeedback(
  times: readonly (number | undefined)[],
  to: {
    readonly base: number;
    readonly firstMs: number;
    readonly senderSsrc: number;
    readonly mediaSsrc: number;
    readonly serial: number;
  },
): Buffer {
  // 24 bits of 64 ms; the sign does not matter to readers, which use differences.
  const reference = Math.floor(to.firstMs / REFERENCE_MS) & 0x7f_ffff;
  const { symbols, deltas } = encodeDeltas(times, Math.floor(to.firstMs / REFERENCE_MS) * (REFERENCE_MS / DELTA_MS));
  const chunks = Buffer.alloc(2 * Math.ceil(symbols.length / 7));
  for (let i = 0; i < symbols.length; i += 7) {
    // A two-bit status vector: seven symbols, first one highest.
    const chunk = [...symbols.slice(i, i + 7)].reduce((bits, symbol, j) => bits | (symbol << (2 * (6 - j))), 0xc000);
    chunks.writeUInt16BE(chunk, (i / 7) * 2);
  }
  const payload = Buffer.concat([chunks, ...deltas]);
  const size = 4 * Math.ceil((20 + payload.length) / 4);
  const packet = Buffer.alloc(size);
  const padding = size - 20 - payload.length;
  packet.writeUInt8(0x80 | (padding > 0 ? 0x20 : 0) | 15, 0);
  packet.writeUInt8(205, 1);
  packet.writeUInt16BE(size / 4 - 1, 2);
  packet.writeUInt32BE(to.senderSsrc >>> 0, 4);
  packet.writeUInt32BE(to.mediaSsrc >>> 0, 8);
  packet.writeUInt16BE(to.base & 0xffff, 12);
  packet.writeUInt16BE(times.length, 14);
  packet.writeIntBE(reference, 16, 3);
  packet.writeUInt8(to.serial, 19);
  payload.copy(packet, 20);
  if (padding > 0) packet.writeUInt8(padding, size - 1);
  return packet;
}

function encodeDeltas(times: readonly (number | undefined)[], startTicks: number) {
  let lastTicks = startTicks;
  const symbols: number[] = [];
  const deltas: Buffer[] = [];
  for (const time of times) {
    if (time === undefined) {
      symbols.push(0);
      continue;
    }
    const delta = Math.max(-32_768, Math.min(32_767, Math.round(time / DELTA_MS) - lastTicks));
    lastTicks += delta;
    const small = delta >= 0 && delta <= 255;
    symbols.push(small ? 1 : 2);
    const bytes = Buffer.alloc(small ? 1 : 2);
    if (small) bytes.writeUInt8(delta);
    else bytes.writeInt16BE(delta);
    deltas.push(bytes);
  }
  return { symbols, deltas };
}
