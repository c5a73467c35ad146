import { isRtcp, TRANSPORT_SEQUENCE_OFFSET } from "../rtp/packet.ts";
import { type ReportBlock, type RtcpItem, readRtcp } from "../rtp/rtcp.ts";
import { readTransportFeedback } from "../rtp/transport-feedback.ts";
import { BandwidthEstimator } from "./bandwidth.ts";
import { Consumer, type ConsumerTarget } from "./consumer.ts";
import type { Producer } from "./producer.ts";
import { type PublishedLine, Publisher } from "./publisher.ts";

/** Packets through this process, for metrics and placement. */
export interface TrafficCounter {
  received(bytes: number): void;
  sent(bytes: number): void;
  resent(bytes: number): void;
  withheld(): void;
}

/** The least a receiver may have sent again per window, however narrow its way: a small keyframe. */
const RESEND_FLOOR_BYTES = 8_000;
const RESEND_WINDOW_MS = 500;
const RESEND_SHARE = 0.2;
const TICK_MS = 20;

/** Everything RTP of one peer: what it publishes, what it is forwarded, and the estimate of its way out. */
export class MediaConnection {
  readonly publisher: Publisher;
  readonly bandwidth = new BandwidthEstimator();
  /** The way to the peer has become narrower than what is sent: layers are to be chosen anew, at once. */
  onNarrower: (() => void) | undefined;
  readonly #send: (packet: Buffer) => boolean;
  readonly #nowMs: () => number;
  readonly #random: () => number;
  readonly #traffic: TrafficCounter;
  readonly #consumers = new Map<number, Consumer>();
  readonly #timer: NodeJS.Timeout;
  #transportSequence = 0;
  #resentBytes = 0;
  #resendWindowMs = 0;
  #lastPacketMs: number;
  #roundTripMs = 0;

  constructor(options: {
    readonly lines: readonly PublishedLine[];
    readonly send: (packet: Buffer) => boolean;
    readonly nowMs: () => number;
    readonly random?: () => number;
    readonly traffic: TrafficCounter;
  }) {
    this.#send = options.send;
    this.#nowMs = options.nowMs;
    this.#random = options.random ?? Math.random;
    this.#traffic = options.traffic;
    this.#lastPacketMs = options.nowMs();
    this.publisher = new Publisher({
      lines: options.lines,
      send: (packet) => this.#sendRtcp(packet),
      ssrc: 1 + Math.floor(this.#random() * 0xffff_fffe),
    });
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** How long nothing at all has come. */
  get silentMs(): number {
    return this.#nowMs() - this.#lastPacketMs;
  }

  get roundTripMs(): number {
    return this.#roundTripMs;
  }

  /** Worst share lost towards the peer, as it reports. */
  get lostToPeer(): number {
    return Math.max(0, ...[...this.#consumers.values()].map((consumer) => consumer.fractionLost));
  }

  consumers(): Consumer[] {
    return [...this.#consumers.values()];
  }

  /** Takes one decrypted packet of the peer. */
  packet(packet: Buffer): void {
    const nowMs = this.#nowMs();
    this.#lastPacketMs = nowMs;
    this.#traffic.received(packet.length);
    if (!isRtcp(packet)) this.publisher.rtp(packet, nowMs);
    else for (const item of readRtcp(packet)) this.#rtcp(item, nowMs);
  }

  consume(producer: Producer, target: ConsumerTarget, onEnded: () => void): Consumer {
    const consumer = new Consumer(producer, {
      target,
      random: this.#random,
      onEnded,
      transport: {
        sendRtp: (packet, how) => this.#sendRtp(packet, how),
        sendRtcp: (packet) => this.#sendRtcp(packet),
      },
    });
    this.#consumers.set(target.ssrc, consumer);
    consumer.start(this.#nowMs());
    return consumer;
  }

  stopConsuming(consumer: Consumer): void {
    consumer.close();
    this.#consumers.delete(consumer.target.ssrc);
  }

  close(): void {
    clearInterval(this.#timer);
    for (const consumer of this.#consumers.values()) consumer.close();
    this.#consumers.clear();
    this.publisher.end();
  }

  #tick(): void {
    const nowMs = this.#nowMs();
    this.publisher.tick(nowMs);
    for (const consumer of this.#consumers.values()) consumer.tick(nowMs);
    this.#probe(nowMs);
  }

  /** Sends again what the receiver has: it throws it away, and tells when it came. */
  #probe(nowMs: number): void {
    let due = this.bandwidth.probe(nowMs);
    for (const consumer of this.#consumers.values()) if (due > 0) due -= consumer.repeat(due);
  }

  #rtcp(item: RtcpItem, nowMs: number): void {
    switch (item.kind) {
      case "sender-report":
        this.publisher.rtcp(item, nowMs);
        break;
      case "report-block":
        this.#reported(item);
        break;
      case "nack":
        this.#consumers.get(item.ssrc)?.nacked(item.sequences, nowMs, this.#roundTripMs + this.bandwidth.queueMs);
        break;
      case "keyframe-request":
        this.#consumers.get(item.ssrc)?.keyframeRequested(nowMs);
        break;
      case "transport-feedback":
        if (this.bandwidth.feedback(readTransportFeedback(item.body), nowMs)) this.onNarrower?.();
        break;
      case "bye":
        break;
    }
  }

  #reported(block: ReportBlock): void {
    const consumer = this.#consumers.get(block.ssrc);
    if (!consumer) return;
    consumer.fractionLost = block.fractionLost;
    const reported = consumer.reportedAt(block.lastReport);
    if (reported === undefined) return;
    const roundTripMs = this.#nowMs() - reported - block.delaySinceLastReport / 65.536;
    if (roundTripMs >= 0 && roundTripMs < 10_000) this.#roundTripMs = roundTripMs;
  }

  #sendRtp(packet: Buffer, how: { readonly resend: boolean; readonly hasSequence: boolean }): void {
    const nowMs = this.#nowMs();
    if (how.resend && !this.#mayResend(packet.length, nowMs)) {
      this.#traffic.withheld();
      return;
    }
    if (how.hasSequence) {
      this.#transportSequence = (this.#transportSequence + 1) & 0xffff;
      packet.writeUInt16BE(this.#transportSequence, TRANSPORT_SEQUENCE_OFFSET);
      this.bandwidth.sent(this.#transportSequence, packet.length, nowMs);
    }
    if (this.#send(packet)) this.#traffic.sent(packet.length);
    if (how.resend) this.#traffic.resent(packet.length);
  }

  #sendRtcp(packet: Buffer): void {
    if (this.#send(packet)) this.#traffic.sent(packet.length);
  }

  /** Without this bound, a congested receiver's requests would congest it for good. */
  #mayResend(bytes: number, nowMs: number): boolean {
    if (nowMs - this.#resendWindowMs >= RESEND_WINDOW_MS) {
      this.#resendWindowMs = nowMs;
      this.#resentBytes = 0;
    }
    const share = (this.bandwidth.estimate / 8) * (RESEND_WINDOW_MS / 1_000) * RESEND_SHARE;
    if (this.#resentBytes + bytes > Math.max(RESEND_FLOOR_BYTES, share)) return false;
    this.#resentBytes += bytes;
    return true;
  }
}
