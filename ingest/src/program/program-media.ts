import type { FeedFrame, FeedHeader } from "../program-feed/index.ts";
import type { RtpHeader } from "../rtp/packet.ts";
import type { SenderReport } from "../rtp/rtcp.ts";
import { type Layer, Producer } from "../sfu/producer.ts";
import { packetise, parameterSets } from "./packetise-h264.ts";

/** NTP counts from 1900 (RFC 3550 4). */
const NTP_OFFSET_MS = 2_208_988_800_000;
const REPORT_EVERY_MS = 1_000;
const VIDEO_CLOCK = 90;
const SOUND_CLOCK = 48;

interface OutStream {
  readonly layer: Layer;
  sequence: number;
  reportedMs: number;
}

/**
 * A program as tracks that can be forwarded like anybody's: its picture in the layers of its ladder, the mix, and the
 * encoder alone. Time on the wire is wall time, so that a new program or epoch goes on where the last one was.
 */
export class ProgramMedia {
  readonly video: Producer;
  readonly mix: Producer;
  /** The room's encoder without anybody else. */
  readonly solo: Producer;
  readonly #nowMs: () => number;
  readonly #layers = new Map<string, OutStream>();
  readonly #mix: OutStream;
  readonly #solo: OutStream;
  readonly #sets = new Map<number, readonly Buffer[]>();
  #header: FeedHeader | undefined;
  #measuredMs: number;
  #pictures = 0;

  constructor(options: { readonly nowMs: () => number }) {
    this.#nowMs = options.nowMs;
    this.#measuredMs = options.nowMs();
    // No request reaches an encoder: keyframes come each second, and a new follower is given the last one.
    const sendKeyframeRequest = () => {};
    const opus = { name: "opus", clockRate: 48_000, channels: 2, fmtp: "" } as const;
    this.video = new Producer({
      kind: "video",
      codec: { name: "h264", clockRate: 90_000, channels: 0, fmtp: "packetization-mode=1" },
      keepsBacklog: true,
      sendKeyframeRequest,
    });
    this.mix = new Producer({ kind: "audio", codec: opus, sendKeyframeRequest });
    this.solo = new Producer({ kind: "audio", codec: opus, sendKeyframeRequest });
    this.#mix = this.#open(this.mix, "");
    this.#solo = this.#open(this.solo, "");
  }

  /** Pictures taken so far. */
  get pictures(): number {
    return this.#pictures;
  }

  take(frame: FeedFrame): void {
    switch (frame.kind) {
      case "header":
        this.#begin(frame.header);
        break;
      case "config":
        this.#sets.set(frame.layer, parameterSets(frame.data));
        break;
      case "picture":
        this.#picture(frame);
        break;
      case "sound":
        this.#sound(frame);
        break;
    }
  }

  end(): void {
    for (const producer of [this.video, this.mix, this.solo]) producer.end();
  }

  #begin(header: FeedHeader): void {
    this.#header = header;
    this.#sets.clear();
    // Lowest first: whoever comes begins there.
    for (const { name } of header.layers.toSorted((a, b) => a.bitsPerSecond - b.bitsPerSecond)) {
      if (!this.#layers.has(name)) this.#layers.set(name, this.#open(this.video, name));
    }
  }

  #open(producer: Producer, name: string): OutStream {
    // Never on the wire: each receiver has a number of its own.
    const layer = producer.addLayer(producer.layers.length + 1, name);
    return { layer, sequence: 0, reportedMs: Number.NEGATIVE_INFINITY };
  }

  #picture(frame: Extract<FeedFrame, { readonly kind: "picture" }>): void {
    const name = this.#header?.layers[frame.layer]?.name;
    const stream = name === undefined ? undefined : this.#layers.get(name);
    if (!stream) return;
    this.#pictures += 1;
    const payloads = packetise(frame.data, { sets: this.#sets.get(frame.layer) ?? [] });
    for (const [i, payload] of payloads.entries()) {
      const marker = i === payloads.length - 1;
      this.#send(this.video, stream, { payload, marker, atMs: frame.atMs, clock: VIDEO_CLOCK });
    }
    this.#measure();
  }

  #sound(frame: Extract<FeedFrame, { readonly kind: "sound" }>): void {
    const isMix = frame.track === "mix";
    this.#send(isMix ? this.mix : this.solo, isMix ? this.#mix : this.#solo, {
      ...{ payload: frame.data, marker: false, atMs: frame.atMs, clock: SOUND_CLOCK },
    });
  }

  #send(
    producer: Producer,
    stream: OutStream,
    packet: { readonly payload: Buffer; readonly marker: boolean; readonly atMs: number; readonly clock: number },
  ): void {
    const { payload, marker, clock } = packet;
    const wallMs = (this.#header?.zeroWallMs ?? 0) + packet.atMs;
    const timestamp = Math.round(wallMs * clock) % 0x1_0000_0000;
    const nowMs = this.#nowMs();
    if (nowMs - stream.reportedMs >= REPORT_EVERY_MS) {
      stream.reportedMs = nowMs;
      producer.reported(stream.layer, reportOf(wallMs, timestamp), nowMs);
    }
    stream.sequence = (stream.sequence + 1) & 0xffff;
    const header: RtpHeader = {
      ...{ marker, timestamp, sequence: stream.sequence, payloadType: 0, ssrc: stream.layer.stream.ssrc },
      ...{ extensionProfile: 0, extensionStart: 0, payloadStart: 0, payloadEnd: payload.length },
    };
    producer.receive(stream.layer, payload, header, nowMs);
  }

  #measure(): void {
    const elapsedMs = this.#nowMs() - this.#measuredMs;
    if (elapsedMs < 1_000) return;
    this.#measuredMs = this.#nowMs();
    this.video.measure(elapsedMs);
  }
}

const reportOf = (wallMs: number, rtpTimestamp: number): SenderReport => ({
  kind: "sender-report",
  ssrc: 0,
  ntpMs: wallMs + NTP_OFFSET_MS,
  compactNtp: 0,
  rtpTimestamp,
  packets: 0,
  octets: 0,
});
