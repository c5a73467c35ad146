import { type RtpHeader, readExtension, readRtp } from "../rtp/packet.ts";
import type { RtcpItem } from "../rtp/rtcp.ts";
import { TransportFeedback } from "../rtp/transport-feedback.ts";
import { type ReceiverBlock, writeKeyframeRequest, writeNack, writeReceiverReport } from "../rtp/write-rtcp.ts";
import { type Layer, Producer, type TrackCodec } from "./producer.ts";

export const EXTENSIONS = {
  mid: "urn:ietf:params:rtp-hdrext:sdes:mid",
  rid: "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
  repairedRid: "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
  transportSequence: "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
  audioLevel: "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
} as const;

/** One media line that a far end sends on, as agreed. */
export interface PublishedLine {
  readonly mid: string;
  readonly kind: "audio" | "video";
  readonly codec: TrackCodec & { readonly payloadType: number; readonly rtxPayloadType: number };
  readonly extensions: ReadonlyMap<string, number>;
  readonly rids: readonly string[];
  readonly ssrcs: readonly { readonly ssrc: number; readonly rtxSsrc: number }[];
}

interface Track {
  readonly line: PublishedLine;
  readonly producer: Producer;
}

interface Stream {
  readonly track: Track;
  readonly layer: Layer;
  readonly retransmission: boolean;
}

const MAX_LAYERS = 4;
/** Streams known at once; more are not looked at. */
const MAX_STREAMS = 64;
const FEEDBACK_EVERY_MS = 50;
const REPORT_EVERY_MS = 1_000;

/** The receiving side of one connection: sorts packets to producers, and tells the sender what it needs to know. */
export class Publisher {
  readonly #tracks: Track[];
  readonly #streams = new Map<number, Stream>();
  readonly #send: (packet: Buffer) => void;
  readonly #ssrc: number;
  readonly #ids: Readonly<Record<keyof typeof EXTENSIONS, number>>;
  readonly #feedback = new TransportFeedback();
  #feedbackMs = Number.NEGATIVE_INFINITY;
  #reportMs = Number.NEGATIVE_INFINITY;
  #lastMediaMs = Number.NEGATIVE_INFINITY;
  /** Share lost in the last second, 0 to 1. */
  fractionLost = 0;

  constructor(options: {
    readonly lines: readonly PublishedLine[];
    readonly send: (packet: Buffer) => void;
    /** Our own, in reports. */
    readonly ssrc: number;
  }) {
    this.#send = options.send;
    this.#ssrc = options.ssrc;
    const id = (uri: string) => options.lines.map((line) => line.extensions.get(uri)).find((found) => found) ?? 0;
    this.#ids = {
      mid: id(EXTENSIONS.mid),
      rid: id(EXTENSIONS.rid),
      repairedRid: id(EXTENSIONS.repairedRid),
      transportSequence: id(EXTENSIONS.transportSequence),
      audioLevel: id(EXTENSIONS.audioLevel),
    };
    this.#tracks = options.lines.map((line) => ({ line, producer: this.#makeProducer(line) }));
    for (const track of this.#tracks) {
      // A simulcasting browser may name SSRCs too: its rids sort them.
      if (track.line.rids.length > 0) continue;
      for (const { ssrc, rtxSsrc } of track.line.ssrcs.slice(0, 1)) this.#addLayer(track, ssrc, "", rtxSsrc);
    }
  }

  /** When media last came. */
  get lastMediaMs(): number {
    return this.#lastMediaMs;
  }

  producer(mid: string): Producer | undefined {
    return this.#tracks.find((track) => track.line.mid === mid)?.producer;
  }

  producers(): Producer[] {
    return this.#tracks.map((track) => track.producer);
  }

  rtp(packet: Buffer, nowMs: number): void {
    const header = readRtp(packet);
    if (!header) return;
    const sequence = readExtension(packet, header, this.#ids.transportSequence);
    if (sequence?.length === 2) this.#feedback.arrived(sequence.readUInt16BE(0), nowMs);
    const stream = this.#streams.get(header.ssrc) ?? this.#identify(packet, header);
    if (!stream) return;
    this.#lastMediaMs = nowMs;
    const { producer } = stream.track;
    if (stream.retransmission) this.#unwrap(stream, packet, header, nowMs);
    else producer.receive(stream.layer, packet, header, nowMs);
    if (producer.kind === "audio") {
      const level = readExtension(packet, header, this.#ids.audioLevel);
      if (level?.length) producer.sounds(level.readUInt8(0) & 0x7f);
    }
  }

  rtcp(item: RtcpItem, nowMs: number): void {
    if (item.kind !== "sender-report") return;
    const stream = this.#streams.get(item.ssrc);
    if (stream && !stream.retransmission) stream.track.producer.reported(stream.layer, item, nowMs);
  }

  /** Regular work; call every 10 to 50 ms. */
  tick(nowMs: number): void {
    for (const { producer } of this.#tracks) {
      producer.tick(nowMs);
      if (producer.kind === "video") this.#askAgain(producer, nowMs);
    }
    if (nowMs - this.#feedbackMs >= FEEDBACK_EVERY_MS) {
      this.#feedbackMs = nowMs;
      const [first] = this.#streams.keys();
      const packet = this.#feedback.take(this.#ssrc, first ?? 0);
      if (packet) this.#send(packet);
    }
    if (nowMs - this.#reportMs >= REPORT_EVERY_MS) this.#report(nowMs);
  }

  #askAgain(producer: Producer, nowMs: number): void {
    for (const { stream } of producer.layers) {
      const due = stream.nacksDue(nowMs);
      if (due.length > 0) this.#send(writeNack(this.#ssrc, stream.ssrc, due));
    }
  }

  end(): void {
    for (const { producer } of this.#tracks) producer.end();
    this.#streams.clear();
  }

  #makeProducer(line: PublishedLine): Producer {
    return new Producer({
      kind: line.kind,
      codec: line.codec,
      sendKeyframeRequest: (ssrc) => this.#send(writeKeyframeRequest(this.#ssrc, ssrc)),
    });
  }

  #report(nowMs: number): void {
    for (const { producer } of this.#tracks) producer.measure(Math.min(nowMs - this.#reportMs, 60_000));
    this.#reportMs = nowMs;
    const blocks: ReceiverBlock[] = [];
    for (const { producer } of this.#tracks) {
      for (const { stream } of producer.layers) {
        const block = stream.reportBlock(nowMs);
        if (block) blocks.push(block);
      }
    }
    this.fractionLost = Math.max(0, ...blocks.map((block) => block.fractionLost)) / 256;
    if (blocks.length > 0) this.#send(writeReceiverReport(this.#ssrc, blocks));
  }

  /** RFC 4588 4: the original number stands before the payload. Probes come this way too, with nothing in them. */
  #unwrap(stream: Stream, packet: Buffer, header: RtpHeader, nowMs: number): void {
    if (header.payloadEnd - header.payloadStart < 2) return;
    const { producer, line } = stream.track;
    const original: RtpHeader = {
      ...header,
      sequence: packet.readUInt16BE(header.payloadStart),
      payloadType: line.codec.payloadType,
      ssrc: stream.layer.stream.ssrc,
      payloadStart: header.payloadStart + 2,
    };
    producer.receive(stream.layer, packet, original, nowMs);
  }

  /** RFC 8843 9.2: by mid and rid; without them, by the payload type if only one line has it. */
  #identify(packet: Buffer, header: RtpHeader): Stream | undefined {
    if (this.#streams.size >= MAX_STREAMS) return undefined;
    const text = (id: number) => readExtension(packet, header, id)?.toString("latin1");
    const mid = text(this.#ids.mid);
    const track = mid === undefined ? this.#byPayload(header.payloadType) : this.#byMid(mid);
    if (!track) return undefined;
    const { codec } = track.line;
    if (header.payloadType === codec.payloadType)
      return this.#identifyLayer(track, header.ssrc, text(this.#ids.rid) ?? "");
    if (codec.rtxPayloadType === 0 || header.payloadType !== codec.rtxPayloadType) return undefined;
    const rid = text(this.#ids.repairedRid) ?? "";
    const layer = track.producer.layers.find((known) => known.rid === rid);
    return layer && this.#addStream(header.ssrc, { track, layer, retransmission: true });
  }

  #identifyLayer(track: Track, ssrc: number, rid: string): Stream | undefined {
    const { line, producer } = track;
    const unknown = line.rids.length > 0 && !line.rids.includes(rid);
    return unknown || producer.layers.length >= MAX_LAYERS ? undefined : this.#addLayer(track, ssrc, rid, 0);
  }

  #addLayer(track: Track, ssrc: number, rid: string, rtxSsrc: number): Stream {
    const layer = track.producer.addLayer(ssrc, rid);
    if (rtxSsrc) this.#addStream(rtxSsrc, { track, layer, retransmission: true });
    return this.#addStream(ssrc, { track, layer, retransmission: false });
  }

  #addStream(ssrc: number, stream: Stream): Stream {
    this.#streams.set(ssrc, stream);
    return stream;
  }

  #byMid(mid: string): Track | undefined {
    return this.#tracks.find((track) => track.line.mid === mid);
  }

  #byPayload(payloadType: number): Track | undefined {
    const fitting = this.#tracks.filter(
      ({ line }) => line.codec.payloadType === payloadType || line.codec.rtxPayloadType === payloadType,
    );
    return fitting.length === 1 ? fitting[0] : undefined;
  }
}
