import { beginsKeyframe } from "../rtp/keyframe.ts";
import type { RtpHeader } from "../rtp/packet.ts";
import type { SenderReport } from "../rtp/rtcp.ts";
import { PacketRing } from "./packet-ring.ts";
import { ReceiveStream } from "./receive-stream.ts";
import type { LayerPacket } from "./track-rewriter.ts";

/** What a track is coded with, as negotiated with its publisher. */
export interface TrackCodec {
  readonly name: "h264" | "vp8" | "opus";
  readonly clockRate: number;
  readonly channels: number;
  readonly fmtp: string;
}

/** One packet of a producer as its followers get it; `payload` must not be changed. */
export interface ProducedPacket extends LayerPacket {
  readonly marker: boolean;
  readonly payload: Buffer;
}

/** Who forwards or hands over a track. */
export interface ProducerFollower {
  packet(packet: ProducedPacket): void;
  /** A layer's sender report has come. */
  report(layer: number, report: SenderReport, atMs: number): void;
  /** The producer is gone. */
  ended(): void;
}

/** Packets kept since a keyframe; a longer run is of no use to a newcomer. */
const MAX_BACKLOG = 2_000;

/** One encoding of a track: its stream, and its latest packets. Layers are in the order of the publisher's rids. */
export interface Layer {
  readonly index: number;
  readonly rid: string;
  readonly stream: ReceiveStream;
  readonly ring: PacketRing;
  /** Bits a second: soon what it has become, and for some time what it has been. */
  bitsPerSecond: number;
  bytesNow: number;
}

/** Of a layer's rate, per second: a picture that is still for a moment will move again. */
const KEPT_RISING = 0.5;
const KEPT_FALLING = 0.9;
export const KEYFRAME_EVERY_MS = 300;
/** A layer without a packet for this long is not there. */
const LAYER_SILENT_MS = 1_500;
/** Sound comes every 20 ms, or 400 when it pauses (RFC 7587, 3.1.3): nothing for longer, and nobody speaks. */
const SOUND_SILENT_MS = 500;

/** The lowest level there is (RFC 6464). */
const SILENCE = 127;

/** One published track. Knows nothing of transports: packets come in sorted out by SSRC. */
export class Producer {
  readonly kind: "audio" | "video";
  readonly codec: TrackCodec;
  readonly layers: Layer[] = [];
  readonly #followers = new Set<ProducerFollower>();
  readonly #sendKeyframeRequest: (ssrc: number) => void;
  readonly #lastRequestMs = new Map<number, number>();
  readonly #owedRequests = new Set<number>();
  readonly #backlogs: Map<number, ProducedPacket[]> | undefined;
  #ended = false;
  #lastLevel = SILENCE;

  constructor(options: {
    readonly kind: "audio" | "video";
    readonly codec: TrackCodec;
    readonly sendKeyframeRequest: (ssrc: number) => void;
    /** Keeps each layer's packets since its last keyframe, for followers that cannot have one on demand. */
    readonly keepsBacklog?: boolean;
  }) {
    this.#backlogs = options.keepsBacklog ? new Map() : undefined;
    this.kind = options.kind;
    this.codec = options.codec;
    this.#sendKeyframeRequest = options.sendKeyframeRequest;
  }

  get ended(): boolean {
    return this.#ended;
  }

  addLayer(ssrc: number, rid: string): Layer {
    const stream = new ReceiveStream(ssrc, { clockRate: this.codec.clockRate });
    const layer = {
      index: this.layers.length,
      rid,
      stream,
      ring: new PacketRing(),
      bitsPerSecond: 0,
      bytesNow: 0,
    };
    this.layers.push(layer);
    return layer;
  }

  follow(follower: ProducerFollower): void {
    this.#followers.add(follower);
  }

  unfollow(follower: ProducerFollower): void {
    this.#followers.delete(follower);
  }

  /** Takes a packet of one layer, whether it came first-hand or by retransmission. */
  receive(layer: Layer, packet: Buffer, header: RtpHeader, nowMs: number): void {
    if (this.#ended) return;
    const received = layer.stream.packet(header.sequence, header.timestamp, nowMs);
    if (received.duplicate) return;
    if (received.restarted) layer.ring.clear();
    const payload = packet.subarray(header.payloadStart, header.payloadEnd);
    layer.bytesNow += packet.length;
    const produced: ProducedPacket = {
      layer: layer.index,
      extended: received.extended,
      timestamp: header.timestamp,
      arrivalMs: nowMs,
      startsHere: this.codec.name === "opus" || beginsKeyframe(this.codec.name, payload),
      empty: payload.length === 0,
      report: layer.stream.senderReport,
      marker: header.marker,
      payload,
    };
    if (this.kind === "video") {
      const { extended, timestamp, marker } = produced;
      layer.ring.push({ extended, timestamp, marker, payload });
    }
    this.#keep(produced);
    for (const follower of this.#followers) follower.packet(produced);
  }

  /** How loud the sound of the newest packet is (RFC 6464). */
  sounds(level: number): void {
    this.#lastLevel = level;
  }

  /** RFC 6464 level of the sound, 0 (loudest) to 127; 127 while silent, unknown, or when no sound arrives any more. */
  audioLevel(nowMs: number): number {
    const arrives = this.layers.some((layer) => nowMs - layer.stream.lastPacketMs < SOUND_SILENT_MS);
    return arrives ? this.#lastLevel : SILENCE;
  }

  /** A layer's packets since its last keyframe; none where they are not kept. */
  backlog(layerIndex: number): readonly ProducedPacket[] {
    return this.#backlogs?.get(layerIndex) ?? [];
  }

  reported(layer: Layer, report: SenderReport, nowMs: number): void {
    layer.stream.reported(report, nowMs);
    for (const follower of this.#followers) follower.report(layer.index, report, nowMs);
  }

  /** Asks the publisher, at most every {@link KEYFRAME_EVERY_MS}; a request within that time is made up for. */
  requestKeyframe(layerIndex: number, nowMs: number): void {
    const layer = this.layers[layerIndex];
    if (!layer || this.kind !== "video" || this.#ended) return;
    if (nowMs - (this.#lastRequestMs.get(layerIndex) ?? Number.NEGATIVE_INFINITY) < KEYFRAME_EVERY_MS) {
      this.#owedRequests.add(layerIndex);
      return;
    }
    this.#owedRequests.delete(layerIndex);
    this.#lastRequestMs.set(layerIndex, nowMs);
    this.#sendKeyframeRequest(layer.stream.ssrc);
  }

  /** The layers that flow, lowest bit rate first. */
  liveLayers(nowMs: number): Layer[] {
    return this.layers
      .filter((layer) => nowMs - layer.stream.lastPacketMs < LAYER_SILENT_MS)
      .sort((a, b) => a.bitsPerSecond - b.bitsPerSecond || a.index - b.index);
  }

  /** Regular work: requests owed, and lost beyond repair. Call every few tens of milliseconds. */
  tick(nowMs: number): void {
    for (const index of [...this.#owedRequests]) this.requestKeyframe(index, nowMs);
    for (const layer of this.layers) if (layer.stream.takeOverrun()) this.requestKeyframe(layer.index, nowMs);
  }

  /** Once a second. */
  measure(elapsedMs: number): void {
    for (const layer of this.layers) {
      const now = (layer.bytesNow * 8_000) / Math.max(1, elapsedMs);
      const keep = layer.bitsPerSecond === 0 ? 0 : now > layer.bitsPerSecond ? KEPT_RISING : KEPT_FALLING;
      layer.bitsPerSecond = layer.bitsPerSecond * keep + now * (1 - keep);
      layer.bytesNow = 0;
    }
  }

  #keep(packet: ProducedPacket): void {
    if (!this.#backlogs) return;
    const kept = this.#backlogs.get(packet.layer);
    const isNewKey = packet.startsHere && packet.timestamp !== kept?.at(-1)?.timestamp;
    if (isNewKey) this.#backlogs.set(packet.layer, [packet]);
    else if (kept && kept.length < MAX_BACKLOG) kept.push(packet);
    else this.#backlogs.delete(packet.layer);
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#backlogs?.clear();
    for (const follower of [...this.#followers]) follower.ended();
    this.#followers.clear();
    for (const layer of this.layers) layer.ring.clear();
  }
}
