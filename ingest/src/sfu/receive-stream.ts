/** Reception of one SSRC: order, what is missing, and what the sender is told about it (RFC 3550 6.4.1, A.8). Pure. */
import type { SenderReport } from "../rtp/rtcp.ts";
import type { ReceiverBlock } from "../rtp/write-rtcp.ts";

/** A gap is asked for after this long: it may be mere reordering. */
const NACK_AFTER_MS = 10;
const NACK_EVERY_MS = 100;
const NACK_ATTEMPTS = 10;
/** Packets missing at once; beyond it the stream is too far gone to be repaired. */
const MAX_MISSING = 500;
/** A jump this far is a new run of numbers, not a loss. */
const MAX_JUMP = 3_000;

interface Missing {
  readonly sinceMs: number;
  askedMs: number;
  attempts: number;
}

export interface ReceivedPacket {
  /** Sequence number that never wraps. */
  readonly extended: number;
  /** Seen before, or too old to tell. */
  readonly duplicate: boolean;
  /** The numbers start anew: nothing before belongs to what comes. */
  readonly restarted: boolean;
}

export class ReceiveStream {
  readonly ssrc: number;
  readonly #clockRate: number;
  readonly #missing = new Map<number, Missing>();
  #first: number | undefined;
  #highest = 0;
  #received = 0;
  #expectedBefore = 0;
  #receivedBefore = 0;
  #jitter = 0;
  #transitBefore: number | undefined;
  #report: { readonly report: SenderReport; readonly atMs: number } | undefined;
  #lastPacketMs = Number.NEGATIVE_INFINITY;
  #tooMany = false;

  constructor(ssrc: number, options: { readonly clockRate: number }) {
    this.ssrc = ssrc;
    this.#clockRate = options.clockRate;
  }

  get lastPacketMs(): number {
    return this.#lastPacketMs;
  }

  get senderReport(): SenderReport | undefined {
    return this.#report?.report;
  }

  /** True once after more was lost than can be asked for: a keyframe is due. */
  takeOverrun(): boolean {
    const overrun = this.#tooMany;
    this.#tooMany = false;
    return overrun;
  }

  packet(sequence: number, timestamp: number, nowMs: number): ReceivedPacket {
    this.#lastPacketMs = nowMs;
    if (this.#first === undefined) return this.#begin(sequence, false);
    const distance = ((sequence - this.#highest + 0x1_8000) & 0xffff) - 0x8000;
    const extended = this.#highest + distance;
    if (Math.abs(distance) > MAX_JUMP) return this.#begin(sequence, true);
    if (distance <= 0) {
      const late = this.#missing.delete(extended);
      if (late) this.#received += 1;
      return { extended, duplicate: !late, restarted: false };
    }
    for (let lost = this.#highest + 1; lost < extended; lost += 1) this.#lose(lost, nowMs);
    this.#highest = extended;
    this.#received += 1;
    this.#measureJitter(timestamp, nowMs);
    return { extended, duplicate: false, restarted: false };
  }

  reported(report: SenderReport, nowMs: number): void {
    this.#report = { report, atMs: nowMs };
  }

  /** The last sender report carried forward to now by the clock; undefined before the first. */
  reportAt(nowMs: number): { readonly ntpMs: number; readonly rtpTimestamp: number } | undefined {
    if (!this.#report) return undefined;
    const { report, atMs } = this.#report;
    const elapsedMs = nowMs - atMs;
    return {
      ntpMs: report.ntpMs + elapsedMs,
      rtpTimestamp: (report.rtpTimestamp + Math.round((elapsedMs * this.#clockRate) / 1_000)) >>> 0,
    };
  }

  /** Sequence numbers to ask for now. */
  nacksDue(nowMs: number): number[] {
    const due: number[] = [];
    for (const [extended, missing] of this.#missing) {
      if (nowMs - missing.sinceMs < NACK_AFTER_MS || nowMs - missing.askedMs < NACK_EVERY_MS) continue;
      if (missing.attempts >= NACK_ATTEMPTS) {
        this.#missing.delete(extended);
        continue;
      }
      missing.attempts += 1;
      missing.askedMs = nowMs;
      due.push(extended & 0xffff);
    }
    return due;
  }

  /** The report block about everything since the last one; undefined before the first packet. */
  reportBlock(nowMs: number): ReceiverBlock | undefined {
    if (this.#first === undefined) return undefined;
    const expected = this.#highest - this.#first + 1;
    const expectedNow = expected - this.#expectedBefore;
    const lostNow = expectedNow - (this.#received - this.#receivedBefore);
    this.#expectedBefore = expected;
    this.#receivedBefore = this.#received;
    const report = this.#report;
    return {
      ssrc: this.ssrc,
      fractionLost: expectedNow > 0 && lostNow > 0 ? Math.min(255, Math.floor((256 * lostNow) / expectedNow)) : 0,
      totalLost: Math.max(0, Math.min(0x7f_ffff, expected - this.#received)),
      highestSequence: this.#highest,
      jitter: this.#jitter,
      lastReport: report?.report.compactNtp ?? 0,
      delaySinceLastReport: report ? Math.min(0xffff_ffff, Math.round((nowMs - report.atMs) * 65.536)) : 0,
    };
  }

  #begin(sequence: number, restarted: boolean): ReceivedPacket {
    // Off zero, so that numbers before the first are positive too.
    const extended = restarted ? ((this.#highest >>> 16) + 2) * 0x1_0000 + sequence : 0x1_0000 + sequence;
    this.#missing.clear();
    this.#first = extended;
    this.#highest = extended;
    this.#received = 1;
    this.#expectedBefore = 0;
    this.#receivedBefore = 0;
    this.#transitBefore = undefined;
    return { extended, duplicate: false, restarted };
  }

  #lose(extended: number, nowMs: number): void {
    if (this.#missing.size >= MAX_MISSING) {
      this.#missing.clear();
      this.#tooMany = true;
    }
    this.#missing.set(extended, { sinceMs: nowMs, askedMs: Number.NEGATIVE_INFINITY, attempts: 0 });
  }

  #measureJitter(timestamp: number, nowMs: number): void {
    const transit = (nowMs * this.#clockRate) / 1_000 - timestamp;
    const before = this.#transitBefore;
    this.#transitBefore = transit;
    if (before === undefined) return;
    const change = Math.abs(transit - before);
    // A wrapped timestamp or a pause is no jitter.
    if (change < 10 * this.#clockRate) this.#jitter += (change - this.#jitter) / 16;
  }
}
