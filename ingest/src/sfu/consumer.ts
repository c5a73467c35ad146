import { writeRtp } from "../rtp/packet.ts";
import type { SenderReport } from "../rtp/rtcp.ts";
import { writeSenderReport } from "../rtp/write-rtcp.ts";
import type { ProducedPacket, Producer, ProducerFollower } from "./producer.ts";
import { TrackRewriter } from "./track-rewriter.ts";
import { Vp8NumberRun } from "./vp8-numbers.ts";

/** How a track goes to one receiver: numbers from its own session description. */
export interface ConsumerTarget {
  readonly ssrc: number;
  readonly payloadType: number;
  /** 0: the receiver takes no retransmission stream; lost packets are sent again as they were. */
  readonly rtxSsrc: number;
  readonly rtxPayloadType: number;
  readonly transportSequenceId: number;
}

/** The way out to one receiver. */
export interface ConsumerTransport {
  /** `resend`: within the retransmission budget only. */
  sendRtp(packet: Buffer, options: { readonly resend: boolean; readonly hasSequence: boolean }): void;
  sendRtcp(packet: Buffer): void;
}

const SENDER_REPORT_EVERY_MS = 1_000;
/** Pictures caught up with lie this close together, in ticks of their clock: decoded, not waited for. */
const CATCH_UP_TICKS = 90;
/** Packets caught up with may be asked for again this long. */
const CAUGHT_UP_KEPT_MS = 3_000;
/** A packet is not sent again sooner than this, whatever the receiver asks, nor while the last one is on its way. */
const RESEND_EVERY_MS = 25;
const MOST_ON_ITS_WAY_MS = 500;
/** Asked for again after this long, a packet will not come: browsers wait for three seconds before they say so. */
const BEYOND_REPAIR_MS = 500;
const REPAIR_EVERY_MS = 1_500;
const FORGOTTEN_MS = 1_500;
/** So many of the newest packets serve to fill a way. */
const REPEATED_PACKETS = 32;

/** Forwards one producer to one receiver: own numbers, own sender reports, retransmission from the shared ring. */
export class Consumer implements ProducerFollower {
  readonly producer: Producer;
  readonly target: ConsumerTarget;
  readonly #transport: ConsumerTransport;
  readonly #rewriter: TrackRewriter;
  readonly #numbers: Vp8NumberRun | undefined;
  readonly #onEnded: () => void;
  readonly #resentMs = new Map<number, number>();
  /** When packets were first asked for again. */
  readonly #missedMs = new Map<number, number>();
  #repairedMs = Number.NEGATIVE_INFINITY;
  /** Timestamps of packets caught up with, by their number in the layer. */
  readonly #caughtUp = new Map<number, number>();
  #startedMs = 0;
  #wanted: number;
  #paused = false;
  #needsKeyframe = false;
  #heldUntilMs = Number.NEGATIVE_INFINITY;
  #rtxSequence: number;
  #repeated = 0;
  #packets = 0;
  #octets = 0;
  #reportedMs = Number.NEGATIVE_INFINITY;
  #lastReport = { compactNtp: 0, atMs: 0 };
  /** Share the receiver says it lost, 0 to 1. */
  fractionLost = 0;
  bytesSent = 0;

  constructor(
    producer: Producer,
    options: {
      readonly target: ConsumerTarget;
      readonly transport: ConsumerTransport;
      readonly random: () => number;
      readonly onEnded: () => void;
    },
  ) {
    this.producer = producer;
    this.target = options.target;
    this.#transport = options.transport;
    this.#onEnded = options.onEnded;
    this.#numbers = producer.codec.name === "vp8" ? new Vp8NumberRun() : undefined;
    // RFC 3550 5.1: random starts; below 2^15, so that nothing wraps at once (RFC 3711 3.3.1).
    const random16 = () => Math.floor(options.random() * 0x7fff);
    this.#rewriter = new TrackRewriter({ clockRate: producer.codec.clockRate, firstSequence: random16() });
    this.#rtxSequence = random16();
    this.#wanted = 0;
  }

  /** The layer that is forwarded or about to be; undefined while paused. */
  get current(): number | undefined {
    return this.#paused ? undefined : this.#wanted;
  }

  start(nowMs: number): void {
    this.#startedMs = nowMs;
    this.#needKeyframe(nowMs);
    this.#catchUp();
    this.producer.follow(this);
  }

  /**
   * The layer to be on from its next keyframe. `drainMs`: what is sent of the one before is too much for the way, and
   * only in that keyframe's: nothing more of it goes out, and the keyframe is asked for when the way has emptied.
   */
  want(layer: number, nowMs: number, options: { readonly drainMs?: number } = {}): void {
    if (layer === this.#wanted) return;
    this.#wanted = layer;
    if (this.#rewriter.layer === layer) {
      this.#needsKeyframe = false;
      return;
    }
    if (options.drainMs !== undefined) {
      this.#rewriter.leave();
      this.#heldUntilMs = nowMs + options.drainMs;
    }
    this.#needKeyframe(nowMs);
  }

  /** While paused nothing is forwarded; after it, a keyframe is waited for. */
  pause(paused: boolean, nowMs: number): void {
    if (paused === this.#paused) return;
    this.#paused = paused;
    this.#rewriter.leave();
    if (!paused) this.#needKeyframe(nowMs);
  }

  packet(packet: ProducedPacket): void {
    if (this.#paused || packet.arrivalMs < this.#heldUntilMs) return;
    const out = this.#rewriter.push(packet, this.#wanted);
    if (!out) return;
    if (out.switched) this.#needsKeyframe = false;
    const { target } = this;
    const newest = out.extended === this.#rewriter.highest;
    const payload = this.#numbers?.push(packet.payload, { stay: out.stay, newest }) ?? packet.payload;
    const rtp = writeRtp(payload, {
      payloadType: target.payloadType,
      sequence: out.extended & 0xffff,
      timestamp: out.timestamp,
      ssrc: target.ssrc,
      marker: packet.marker,
      transportSequenceId: target.transportSequenceId,
    });
    this.#packets += 1;
    this.#octets += payload.length;
    this.bytesSent += rtp.length;
    this.#transport.sendRtp(rtp, { resend: false, hasSequence: target.transportSequenceId > 0 });
  }

  report(layer: number, report: SenderReport, atMs: number): void {
    if (atMs - this.#reportedMs < SENDER_REPORT_EVERY_MS / 2) return;
    const rtpTimestamp = this.#rewriter.report(layer, report.rtpTimestamp);
    if (rtpTimestamp === undefined) return;
    this.#reportedMs = atMs;
    this.#send(report.ntpMs, rtpTimestamp);
  }

  /** Regular work: reports carried forward between the publisher's, keyframes not yet come. */
  tick(nowMs: number): void {
    if (this.#needsKeyframe) this.#askForKeyframe(nowMs);
    if (nowMs - this.#reportedMs >= SENDER_REPORT_EVERY_MS) this.#reportForward(nowMs);
    if (nowMs - this.#startedMs > CAUGHT_UP_KEPT_MS) this.#caughtUp.clear();
    for (const known of [this.#resentMs, this.#missedMs]) {
      for (const [sequence, atMs] of known) if (nowMs - atMs > FORGOTTEN_MS) known.delete(sequence);
    }
  }

  /** The receiver asks for a keyframe. */
  keyframeRequested(nowMs: number): void {
    this.producer.requestKeyframe(this.#rewriter.layer ?? this.#wanted, nowMs);
  }

  /** The receiver asks for packets again. `delayMs`: what a packet to it and its answer take now. */
  nacked(sequences: readonly number[], nowMs: number, delayMs = 0): void {
    if (this.producer.kind === "audio") return;
    const everyMs = Math.max(RESEND_EVERY_MS, Math.min(MOST_ON_ITS_WAY_MS, delayMs));
    for (const sequence of sequences) {
      this.#missed(sequence, nowMs);
      if (nowMs - (this.#resentMs.get(sequence) ?? Number.NEGATIVE_INFINITY) < everyMs) continue;
      if (this.#resend(sequence, { probe: false }) > 0) this.#resentMs.set(sequence, nowMs);
    }
  }

  /** Sends its newest packets once more, so many bytes of them, and answers how many it sent. */
  repeat(bytes: number): number {
    if (this.producer.kind === "audio" || this.target.rtxSsrc === 0 || this.target.transportSequenceId === 0) return 0;
    let sent = 0;
    for (let tries = 0; tries < REPEATED_PACKETS && sent < bytes; tries += 1) {
      this.#repeated = (this.#repeated + 1) % REPEATED_PACKETS;
      const sequence = (this.#rewriter.highest - this.#repeated) & 0xffff;
      sent += this.#resend(sequence, { probe: true });
    }
    return sent;
  }

  /** When the sender report that a receiver echoes was sent. */
  reportedAt(compactNtp: number): number | undefined {
    return compactNtp !== 0 && compactNtp === this.#lastReport.compactNtp ? this.#lastReport.atMs : undefined;
  }

  ended(): void {
    this.#onEnded();
  }

  close(): void {
    this.producer.unfollow(this);
    this.#resentMs.clear();
    this.#missedMs.clear();
  }

  /**
   * Begins with the last keyframe and what followed, close together in time and just before the present: the receiver
   * shows the present at once, without playing from the keyframe on and staying behind.
   */
  #catchUp(): void {
    const backlog = this.producer.backlog(this.#wanted);
    const pictures = [...new Set(backlog.map(({ timestamp }) => timestamp))];
    const newest = pictures.at(-1) ?? 0;
    for (const packet of backlog) {
      const behind = pictures.length - 1 - pictures.indexOf(packet.timestamp);
      const timestamp = (newest - behind * CATCH_UP_TICKS) >>> 0;
      this.#caughtUp.set(packet.extended, timestamp);
      this.packet({ ...packet, timestamp });
    }
  }

  /** Begins anew with a keyframe when a packet of what is forwarded now stays away. */
  #missed(sequence: number, nowMs: number): void {
    const sinceMs = this.#missedMs.get(sequence) ?? nowMs;
    this.#missedMs.set(sequence, sinceMs);
    const repairable = nowMs - sinceMs < BEYOND_REPAIR_MS || !this.#rewriter.origin(sequence)?.current;
    if (repairable || nowMs - this.#repairedMs < REPAIR_EVERY_MS) return;
    this.#repairedMs = nowMs;
    this.#missedMs.clear();
    this.keyframeRequested(nowMs);
  }

  /** Bytes sent; none when the packet is not kept, or of a layer that has been left: nobody needs it any more. */
  #resend(sequence: number, why: { readonly probe: boolean }): number {
    const { target } = this;
    const origin = this.#rewriter.origin(sequence);
    const kept = origin && this.producer.layers[origin.layer]?.ring.find(origin.extended);
    if (!origin || !kept || !(origin.current || why.probe)) return 0;
    const timestamp = this.#caughtUp.get(kept.extended) ?? kept.timestamp;
    const retransmission = target.rtxSsrc > 0;
    if (retransmission) this.#rtxSequence = (this.#rtxSequence + 1) & 0xffff;
    const packet = writeRtp(this.#numbers?.again(kept.payload, origin.stay) ?? kept.payload, {
      payloadType: retransmission ? target.rtxPayloadType : target.payloadType,
      sequence: retransmission ? this.#rtxSequence : sequence,
      timestamp: timestamp + origin.timestampOffset,
      ssrc: retransmission ? target.rtxSsrc : target.ssrc,
      marker: kept.marker,
      transportSequenceId: target.transportSequenceId,
      ...(retransmission && { originalSequence: sequence }),
    });
    this.#transport.sendRtp(packet, { resend: !why.probe, hasSequence: target.transportSequenceId > 0 });
    return packet.length;
  }

  #reportForward(nowMs: number): void {
    const layer = this.#rewriter.layer;
    const stream = layer === undefined ? undefined : this.producer.layers[layer]?.stream;
    const reported = stream?.reportAt(nowMs);
    const rtpTimestamp = reported && this.#rewriter.report(layer ?? 0, reported.rtpTimestamp);
    if (!reported || rtpTimestamp === undefined) return;
    this.#reportedMs = nowMs;
    this.#send(reported.ntpMs, rtpTimestamp);
  }

  #send(ntpMs: number, rtpTimestamp: number): void {
    const packet = writeSenderReport({
      ssrc: this.target.ssrc,
      ntpMs,
      rtpTimestamp,
      packets: this.#packets,
      octets: this.#octets,
    });
    this.#lastReport = { compactNtp: packet.readUInt32BE(10), atMs: this.#reportedMs };
    this.#transport.sendRtcp(packet);
  }

  #needKeyframe(nowMs: number): void {
    if (this.producer.kind === "audio") return;
    this.#needsKeyframe = true;
    this.#askForKeyframe(nowMs);
  }

  #askForKeyframe(nowMs: number): void {
    if (!this.#paused && nowMs >= this.#heldUntilMs) this.producer.requestKeyframe(this.#wanted, nowMs);
  }
}
