import type { Writable } from "node:stream";
import type { ReadableSource } from "../publication/publisher-session.ts";
import { writeRtp } from "../rtp/packet.ts";
import type { SenderReport } from "../rtp/rtcp.ts";
import { writeSenderReport } from "../rtp/write-rtcp.ts";
import { type HandoverFrame, type HandoverTrack, writeHandoverFrame } from "../rtp-handover/index.ts";
import type { ProducedPacket, Producer, ProducerFollower } from "./producer.ts";
import { TrackRewriter } from "./track-rewriter.ts";

/** Readers of one source at once: a mixer, its spare, and an operator. */
const MAX_READERS = 4;
/** Bytes that wait for a slow reader; then packets are left out until a quarter of them is left. */
const QUEUE_BYTES = 4 * 1024 * 1024;
/** A reader that takes nothing for this long is ended. */
const STUCK_MS = 15_000;
/** How often the best layer is looked for. */
const CHOOSE_EVERY_MS = 1_000;

interface Reader {
  readonly body: Writable;
  skipping: boolean;
  blockedSinceMs: number | undefined;
}

/** Producers handed over to transcode as one source, in the format of `rtp-handover`. */
export class HandoverSource implements ReadableSource {
  readonly contentType = "application/vnd.lianmai.rtp";
  readonly #readers = new Set<Reader>();
  readonly #nowMs: () => number;
  readonly #tracks: HandedTrack[];
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(
    producers: readonly { readonly producer: Producer; readonly payloadType: number }[],
    options: { readonly nowMs: () => number },
  ) {
    this.#nowMs = options.nowMs;
    this.#tracks = producers.map(({ producer, payloadType }, track) => {
      return new HandedTrack({
        producer,
        track,
        payloadType,
        write: (frame) => this.#write(frame),
        nowMs: options.nowMs,
      });
    });
    this.#timer = setInterval(() => this.#choose(), CHOOSE_EVERY_MS);
  }

  get readers(): number {
    return this.#readers.size;
  }

  attach(body: Writable): boolean {
    if (this.#ended || this.#readers.size >= MAX_READERS) return false;
    const reader: Reader = { body, skipping: false, blockedSinceMs: undefined };
    this.#readers.add(reader);
    body.on("close", () => this.#readers.delete(reader));
    body.on("drain", () => {
      reader.blockedSinceMs = undefined;
    });
    this.#push(reader, writeHandoverFrame(this.#header()));
    for (const track of this.#tracks) {
      const report = track.lastReport();
      if (report) this.#push(reader, writeHandoverFrame(report));
    }
    this.requestKeyframe();
    return true;
  }

  requestKeyframe(): void {
    for (const track of this.#tracks) track.requestKeyframe(this.#nowMs());
  }

  /** What the publisher has switched off: readers are told. */
  setMuted(kind: "audio" | "video", muted: boolean): void {
    for (const track of this.#tracks) if (track.kind === kind) track.muted = muted;
    this.#write(this.#header());
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#timer);
    for (const track of this.#tracks) track.close();
    for (const { body } of this.#readers) {
      body.end();
      const timer = setTimeout(() => body.destroy(), STUCK_MS).unref();
      body.on("close", () => clearTimeout(timer));
    }
    this.#readers.clear();
  }

  #header(): HandoverFrame {
    return { kind: "header", header: { version: 1, tracks: this.#tracks.map((track) => track.describe()) } };
  }

  #write(frame: HandoverFrame): void {
    if (this.#readers.size === 0) return;
    const bytes = writeHandoverFrame(frame);
    for (const reader of this.#readers) this.#push(reader, bytes);
  }

  #push(reader: Reader, bytes: Buffer): void {
    const { body } = reader;
    const waiting = body.writableLength;
    if (reader.skipping && waiting < QUEUE_BYTES / 4) {
      reader.skipping = false;
      this.requestKeyframe();
    } else if (waiting > QUEUE_BYTES) reader.skipping = true;
    if (reader.blockedSinceMs !== undefined && this.#nowMs() - reader.blockedSinceMs > STUCK_MS) body.destroy();
    if (reader.skipping || body.destroyed) return;
    if (!body.write(bytes)) reader.blockedSinceMs ??= this.#nowMs();
  }

  #choose(): void {
    for (const track of this.#tracks) track.choose(this.#nowMs());
  }
}

/** One track of a source, on its best layer. */
class HandedTrack implements ProducerFollower {
  readonly #producer: Producer;
  readonly #track: number;
  readonly #payloadType: number;
  readonly #write: (frame: HandoverFrame) => void;
  readonly #rewriter: TrackRewriter;
  readonly #ssrc = 1 + Math.floor(Math.random() * 0xffff_fffe);
  #wanted = 0;
  #lastReport: HandoverFrame | undefined;
  muted = false;

  constructor(options: {
    readonly producer: Producer;
    readonly track: number;
    readonly payloadType: number;
    readonly write: (frame: HandoverFrame) => void;
    readonly nowMs: () => number;
  }) {
    this.#producer = options.producer;
    this.#track = options.track;
    this.#payloadType = options.payloadType;
    this.#write = options.write;
    this.#rewriter = new TrackRewriter({ clockRate: options.producer.codec.clockRate, firstSequence: 1 });
    this.choose(options.nowMs());
    this.#producer.follow(this);
  }

  get kind(): "audio" | "video" {
    return this.#producer.kind;
  }

  describe(): HandoverTrack {
    const { kind, codec } = this.#producer;
    const { name, clockRate, channels, fmtp } = codec;
    const identity = { track: this.#track, payloadType: this.#payloadType, ssrc: this.#ssrc };
    return { ...identity, kind, codec: name, clockRate, channels, fmtp, muted: this.muted };
  }

  lastReport(): HandoverFrame | undefined {
    return this.#lastReport;
  }

  requestKeyframe(nowMs: number): void {
    this.#producer.requestKeyframe(this.#wanted, nowMs);
  }

  /** The highest layer that flows. */
  choose(nowMs: number): void {
    const best = this.#producer.liveLayers(nowMs).at(-1);
    if (!best || best.index === this.#wanted) return;
    this.#wanted = best.index;
    this.requestKeyframe(nowMs);
  }

  packet(packet: ProducedPacket): void {
    const out = this.#rewriter.push(packet, this.#wanted);
    if (!out) return;
    const rtp = writeRtp(packet.payload, {
      payloadType: this.#payloadType,
      sequence: out.extended & 0xffff,
      timestamp: out.timestamp,
      ssrc: this.#ssrc,
      marker: packet.marker,
      transportSequenceId: 0,
    });
    this.#write({ kind: "rtp", track: this.#track, arrivalMs: packet.arrivalMs, packet: rtp });
  }

  report(layer: number, report: SenderReport, atMs: number): void {
    const rtpTimestamp = this.#rewriter.report(layer, report.rtpTimestamp);
    if (rtpTimestamp === undefined) return;
    const { ntpMs, packets, octets } = report;
    const packet = writeSenderReport({ ssrc: this.#ssrc, ntpMs, rtpTimestamp, packets, octets });
    this.#lastReport = { kind: "rtcp", track: this.#track, arrivalMs: atMs, packet };
    this.#write(this.#lastReport);
  }

  ended(): void {}

  close(): void {
    this.#producer.unfollow(this);
  }
}
