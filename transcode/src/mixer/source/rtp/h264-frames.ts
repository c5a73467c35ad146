/**
 * Makes H.264 access units (Annex B) of RTP payloads in order: single NAL units, STAP-A, FU-A (RFC 6184 5.6, 5.7.1,
 * 5.8); both packetisation modes. Parameter sets may come in packets, and with timestamps, of their own.
 */
import type { Ordered } from "./reorder.ts";
import type { AssembledFrame, FrameAssembler } from "./video-assembler.ts";

const START_CODE = Buffer.from([0, 0, 0, 1]);
const STAP_A = 24;
const FU_A = 28;
const IDR = 5;
const SPS = 7;
const PPS = 8;
/** NAL units of one access unit, and bytes of them, at most. */
const MOST_UNITS = 1_024;
const MOST_BYTES = 8 * 1024 * 1024;

export class H264Frames implements FrameAssembler {
  #units: Buffer[] = [];
  #bytes = 0;
  #fragments: Buffer[] = [];
  #timestamp: number | null = null;
  #isBroken = false;
  /** Packets were lost right before this unit: only a keyframe that is whole can follow them. */
  #isAfterLoss = false;
  #beginsWhole = false;
  #sps: Buffer | null = null;
  #pps: Buffer | null = null;

  push(packet: Ordered): AssembledFrame[] {
    const done: AssembledFrame[] = [];
    const isNew = packet.timestamp !== this.#timestamp;
    if (packet.lostBefore > 0) {
      this.#isBroken = true;
      this.#fragments = [];
    }
    if (this.#timestamp !== null && isNew) this.#finish(done);
    if (isNew) {
      this.#isBroken = false;
      this.#isAfterLoss = packet.lostBefore > 0;
      this.#beginsWhole = beginsWhole(packet.payload);
    }
    this.#timestamp = packet.timestamp;
    this.#take(packet.payload);
    if (packet.marker) this.#finish(done);
    return done;
  }

  #take(payload: Buffer): void {
    if (payload.length < 1) return;
    const type = payload.readUInt8(0) & 0x1f;
    if (type === STAP_A) this.#takeAggregate(payload);
    else if (type === FU_A) this.#takeFragment(payload);
    else if (type > 0 && type < STAP_A) this.#add(payload);
  }

  #takeAggregate(payload: Buffer): void {
    let at = 1;
    while (at + 2 < payload.length) {
      const size = payload.readUInt16BE(at);
      if (size === 0 || at + 2 + size > payload.length) return;
      this.#add(payload.subarray(at + 2, at + 2 + size));
      at += 2 + size;
    }
  }

  #takeFragment(payload: Buffer): void {
    if (payload.length < 3) return;
    const indicator = payload.readUInt8(0);
    const header = payload.readUInt8(1);
    if (header & 0x80) this.#fragments = [Buffer.from([(indicator & 0xe0) | (header & 0x1f)])];
    // Its beginning was lost.
    else if (this.#fragments.length === 0) this.#isBroken = true;
    if (this.#fragments.length === 0) return;
    this.#fragments.push(payload.subarray(2));
    if (header & 0x40) {
      this.#add(Buffer.concat(this.#fragments));
      this.#fragments = [];
    }
  }

  #add(unit: Buffer): void {
    const type = unit.readUInt8(0) & 0x1f;
    if (type === SPS) this.#sps = Buffer.from(unit);
    if (type === PPS) this.#pps = Buffer.from(unit);
    if (this.#units.length >= MOST_UNITS || this.#bytes + unit.length > MOST_BYTES) {
      this.#isBroken = true;
      return;
    }
    this.#units.push(unit);
    this.#bytes += unit.length;
  }

  #finish(done: AssembledFrame[]): void {
    const units = this.#units;
    const timestamp = this.#timestamp;
    const { data, key, hasSlice } = this.#complete(units);
    const isHurt = this.#isAfterLoss && !(key && this.#beginsWhole);
    const isBroken = this.#isBroken || this.#fragments.length > 0 || isHurt;
    this.#units = [];
    this.#bytes = 0;
    this.#fragments = [];
    this.#isBroken = false;
    this.#isAfterLoss = false;
    this.#timestamp = null;
    // Parameter sets alone are kept for the slice that follows.
    if (timestamp !== null && (hasSlice || isBroken)) done.push({ timestamp, isBroken, data, key });
  }

  #complete(units: readonly Buffer[]): { readonly data: Buffer; readonly key: boolean; readonly hasSlice: boolean } {
    const types = new Set(units.map((unit) => unit.readUInt8(0) & 0x1f));
    const isIdr = types.has(IDR);
    const missing = isIdr ? [types.has(SPS) ? null : this.#sps, types.has(PPS) ? null : this.#pps] : [];
    const all = [...missing.filter((unit) => unit !== null), ...units];
    return {
      data: Buffer.concat(all.flatMap((unit) => [START_CODE, unit])),
      key: isIdr && this.#sps !== null && this.#pps !== null,
      hasSlice: [...types].some((type) => type >= 1 && type <= IDR),
    };
  }
}

/** Whether a packet is an access unit's first: it has a parameter set, or a slice that begins with macroblock 0. */
function beginsWhole(payload: Buffer): boolean {
  if (payload.length < 2) return false;
  const type = payload.readUInt8(0) & 0x1f;
  if (type === FU_A) return (payload.readUInt8(1) & 0x80) !== 0 && beginsUnit(payload.readUInt8(1) & 0x1f, payload, 2);
  if (type === STAP_A) return payload.length > 4 && beginsUnit(payload.readUInt8(3) & 0x1f, payload, 4);
  return beginsUnit(type, payload, 1);
}

/** H.264 7.3.3: a slice header begins with first_mb_in_slice as ue(v), where 0 is a single one bit. */
function beginsUnit(type: number, bytes: Buffer, at: number): boolean {
  return type > IDR || ((bytes[at] ?? 0) & 0x80) !== 0;
}
