/**
 * A publisher with clocks of its own, all in our hands: RTP timestamps, sender reports and pace follow them. What is
 * asked for again comes again, with its own number (RFC 4585, without RFC 4588).
 */
import { isRtcp, writeRtp } from "../rtp/packet.ts";
import { readRtcp } from "../rtp/rtcp.ts";
import { writeSenderReport } from "../rtp/write-rtcp.ts";
import { RAW_PAYLOAD_TYPES } from "./raw-client.ts";
import { packPicture } from "./raw-media.ts";

export {
  type Beeps,
  encodeBeeps,
  encodeFlashes,
  FLASH_EVERY_MS,
  FLASH_MS,
  flashFilter,
} from "./flash-media.ts";

const TICK_MS = 5;
const PICTURE_MS = 1_000 / 30;
/** A picture leaves so long after it is taken. */
const ENCODE_MS = 10;
const SOUND_SAMPLES = 960;
/** As Chromium sends them. */
const REPORT_MS = { audio: 5_000, video: 1_000 } as const;
/** From 1900 to 1970 (RFC 868). */
const NTP_EPOCH_MS = 2_208_988_800_000;
/** Timestamps begin anywhere (RFC 3550 5.1); the pictures' run over soon. */
const FIRST_TIMESTAMP = { audio: 77_000, video: 2 ** 32 - 90_000 * 20 } as const;
/** Packets that can be asked for again. */
const KEPT_PACKETS = 1_024;

export interface FlashShowOptions {
  readonly send: (packet: Buffer) => void;
  readonly ssrcs: { readonly audio: number; readonly video: number };
  /** Sent over and over. */
  readonly pictures: readonly (readonly Buffer[])[];
  readonly sounds: readonly Buffer[];
  /** By how much this publisher's second is shorter than ours. */
  readonly clockPpm: number;
  /** By how much its sound card's second is shorter than its own; as the sounds were made with. */
  readonly cardPpm: number;
}

export class FlashShow {
  /** Packets sent again. */
  resent = 0;
  readonly #options: FlashShowOptions;
  readonly #startedMs = performance.now();
  readonly #startedNtpMs = Date.now() + NTP_EPOCH_MS;
  readonly #samplesPerMs: number;
  readonly #sent = { audio: { packets: 0, octets: 0 }, video: { packets: 0, octets: 0 } };
  readonly #reports = { audio: 1, video: 1 };
  readonly #kept = new Map<number, Buffer>();
  readonly #timer: NodeJS.Timeout;
  #sounds = 0;
  #pictures = 0;

  constructor(options: FlashShowOptions) {
    this.#options = options;
    this.#samplesPerMs = 48 * (1 + options.cardPpm / 1e6);
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Takes what the other side sends. */
  receive(packet: Buffer): void {
    if (!isRtcp(packet)) return;
    for (const item of readRtcp(packet)) {
      if (item.kind !== "nack" || item.ssrc !== this.#options.ssrcs.video) continue;
      for (const sequence of item.sequences) this.#sendAgain(sequence);
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const ownMs = (performance.now() - this.#startedMs) * (1 + this.#options.clockPpm / 1e6);
    while ((this.#sounds + 1) * SOUND_SAMPLES <= ownMs * this.#samplesPerMs) this.#sound(this.#sounds++);
    while (this.#pictures * PICTURE_MS + ENCODE_MS <= ownMs) this.#picture(this.#pictures++);
    for (const kind of ["audio", "video"] as const) {
      for (; this.#reports[kind] * REPORT_MS[kind] <= ownMs; this.#reports[kind] += 1) this.#report(kind, ownMs);
    }
  }

  #sound(n: number): void {
    const payload = this.#options.sounds[n];
    if (payload) this.#send("audio", payload, { timestamp: n * SOUND_SAMPLES, marker: n === 0 });
  }

  #picture(n: number): void {
    const payloads = packPicture(this.#options.pictures[n % this.#options.pictures.length] ?? []);
    for (const [at, payload] of payloads.entries()) {
      const packet = this.#send("video", payload, { timestamp: n * 3_000, marker: at === payloads.length - 1 });
      const sequence = packet.readUInt16BE(2);
      this.#kept.set(sequence, packet);
      this.#kept.delete((sequence - KEPT_PACKETS) & 0xffff);
    }
  }

  #send(
    kind: "audio" | "video",
    payload: Buffer,
    of: { readonly timestamp: number; readonly marker: boolean },
  ): Buffer {
    const sent = this.#sent[kind];
    const packet = writeRtp(payload, {
      ...{ payloadType: RAW_PAYLOAD_TYPES[kind], ssrc: this.#options.ssrcs[kind], transportSequenceId: 0 },
      ...{
        sequence: sent.packets & 0xffff,
        timestamp: (FIRST_TIMESTAMP[kind] + of.timestamp) >>> 0,
        marker: of.marker,
      },
    });
    sent.packets += 1;
    sent.octets += payload.length;
    this.#options.send(packet);
    return packet;
  }

  #sendAgain(sequence: number): void {
    const packet = this.#kept.get(sequence);
    if (!packet) return;
    this.resent += 1;
    this.#options.send(packet);
  }

  /** RFC 3550 6.4.1: both times are of now. */
  #report(kind: "audio" | "video", ownMs: number): void {
    const ticks = ownMs * (kind === "audio" ? this.#samplesPerMs : 90);
    this.#options.send(
      writeSenderReport({
        ...{ ssrc: this.#options.ssrcs[kind], ntpMs: this.#startedNtpMs + ownMs, ...this.#sent[kind] },
        rtpTimestamp: (FIRST_TIMESTAMP[kind] + Math.round(ticks)) >>> 0,
      }),
    );
  }
}
