import type { ProducedPacket, Producer, ProducerFollower } from "../sfu/producer.ts";
import type { HealthMeter } from "./meter.ts";
import { vp8Size, wrapParameterSet } from "./rtp-picture.ts";

/** Feeds a health meter with one producer's pictures or sounds, and notes when they began. */
export class RtpMeter implements ProducerFollower {
  readonly #producer: Producer;
  readonly #meter: HealthMeter;
  #lastTimestamp: number | undefined;
  #elapsed = 0;
  #frameBytes = 0;
  #frameKey = false;
  /** Arrival of the first keyframe, or of the first sound. */
  firstAtMs: number | undefined;

  constructor(producer: Producer, meter: HealthMeter) {
    this.#producer = producer;
    this.#meter = meter;
    meter.codec(producer.kind, producer.codec.name);
    producer.follow(this);
  }

  packet(packet: ProducedPacket): void {
    // Of simulcast, the first layer stands for all.
    if (packet.layer !== 0 || packet.empty) return;
    if (this.#producer.kind === "audio") this.#sound(packet);
    else this.#picture(packet);
  }

  report(): void {}

  ended(): void {}

  close(): void {
    this.#producer.unfollow(this);
  }

  #sound(packet: ProducedPacket): void {
    this.firstAtMs ??= packet.arrivalMs;
    const data = packet.payload;
    this.#meter.audio({ kind: "frame", codec: "aac", data }, this.#times(packet, data.length));
  }

  #picture(packet: ProducedPacket): void {
    this.#frameBytes += packet.payload.length;
    if (packet.startsHere) {
      this.#frameKey = true;
      this.firstAtMs ??= packet.arrivalMs;
      this.#size(packet.payload);
    }
    if (!packet.marker) return;
    const frame = {
      kind: "frame",
      codec: "h264",
      key: this.#frameKey,
      compositionMs: 0,
      data: packet.payload,
    } as const;
    this.#meter.video(frame, this.#times(packet, this.#frameBytes));
    this.#frameBytes = 0;
    this.#frameKey = false;
  }

  #size(payload: Buffer): void {
    if (this.#producer.codec.name === "vp8") {
      const size = vp8Size(payload);
      if (size) this.#meter.pictureSize(size);
      return;
    }
    const config = wrapParameterSet(payload);
    if (config) this.#meter.video({ kind: "config", codec: "h264", config }, this.#noTimes());
  }

  /** Media time from the first packet on, whatever the timestamp wrapped to. */
  #times(packet: ProducedPacket, sizeBytes: number) {
    this.#elapsed += (packet.timestamp - (this.#lastTimestamp ?? packet.timestamp)) | 0;
    this.#lastTimestamp = packet.timestamp;
    const timestampMs = (this.#elapsed * 1_000) / this.#producer.codec.clockRate;
    return { timestampMs, arrivalMs: packet.arrivalMs, sizeBytes };
  }

  #noTimes() {
    return { timestampMs: 0, arrivalMs: 0, sizeBytes: 0 };
  }
}
