/** Encodes the program's sound as Opus, for players by WebRTC. */
import { OPUS_PACKET_SAMPLES } from "@lianmai/ingest/program-feed";
import {
  AV_CHANNEL_LAYOUT_STEREO,
  AV_CODEC_ID_OPUS,
  AV_SAMPLE_FMT_S16,
  AvError,
  Codec,
  CodecContext,
  newFrame,
  Packet,
  Rational,
} from "./node-av.ts";

const BITS_PER_SECOND = 96_000n;
const BYTES_PER_SAMPLE_PAIR = 4;
const PACKET_BYTES = OPUS_PACKET_SAMPLES * BYTES_PER_SAMPLE_PAIR;

/** 48 kHz stereo in blocks of any length, packets of 20 ms out. */
export class OpusEncoder {
  readonly #context = new CodecContext();
  readonly #frame = newFrame();
  readonly #packet = new Packet();
  #rest: Buffer = Buffer.alloc(0);
  /** Sample after the last one pushed. */
  #end = Number.NaN;
  #count = 0n;

  /** Throws {@link AvError}. */
  constructor() {
    // libopus; FFmpeg's own encoder of that name is an experiment.
    const codec = Codec.findEncoderByName("libopus" as Parameters<typeof Codec.findEncoderByName>[0]);
    if (codec?.id !== AV_CODEC_ID_OPUS) throw new AvError("no Opus encoder");
    const context = this.#context;
    context.allocContext3(codec);
    context.sampleRate = 48_000;
    context.sampleFormat = AV_SAMPLE_FMT_S16;
    context.channelLayout = AV_CHANNEL_LAYOUT_STEREO;
    context.bitRate = BITS_PER_SECOND;
    context.timeBase = new Rational(1, 48_000);
    context.setOption("frame_duration", "20");
    // Half the work of the default, and no difference at this bit rate.
    context.setOption("compression_level", "5");
    if (context.open2Sync(codec, null) < 0) throw new AvError("Opus encoder refused");
    this.#packet.alloc();
    this.#frame.format = AV_SAMPLE_FMT_S16;
    this.#frame.sampleRate = 48_000;
    this.#frame.channelLayout = AV_CHANNEL_LAYOUT_STEREO;
    this.#frame.nbSamples = OPUS_PACKET_SAMPLES;
    if (this.#frame.getBuffer(0) < 0) throw new AvError("no memory for sound");
  }

  /** Takes a block of s16le pairs that begins at sample `from`; what it completes goes to `take`. A gap begins anew. */
  push(from: number, block: Buffer, take: (sample: number, packet: Buffer) => void): void {
    if (from !== this.#end) this.#rest = Buffer.alloc(0);
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, block]) : block;
    let sample = from - this.#rest.length / BYTES_PER_SAMPLE_PAIR;
    this.#end = from + block.length / BYTES_PER_SAMPLE_PAIR;
    let at = 0;
    for (; at + PACKET_BYTES <= bytes.length; at += PACKET_BYTES, sample += OPUS_PACKET_SAMPLES) {
      const packet = this.#encode(bytes.subarray(at, at + PACKET_BYTES));
      if (packet) take(sample, packet);
    }
    this.#rest = Buffer.from(bytes.subarray(at));
  }

  close(): void {
    this.#context.freeContext();
    this.#frame.free();
    this.#packet.free();
  }

  #encode(samples: Buffer): Buffer | null {
    const frame = this.#frame;
    frame.pts = this.#count;
    this.#count += BigInt(OPUS_PACKET_SAMPLES);
    if (frame.makeWritable() < 0 || frame.fromBuffer(samples) < 0) return null;
    if (this.#context.sendFrameSync(frame) < 0) return null;
    this.#packet.unref();
    if (this.#context.receivePacketSync(this.#packet) < 0) return null;
    const { data } = this.#packet;
    return data ? Buffer.from(data) : null;
  }
}
