/** Decodes AAC and Opus and resamples it to the program's 48 kHz stereo. */
import {
  AV_CHANNEL_LAYOUT_STEREO,
  AV_CODEC_ID_AAC,
  AV_CODEC_ID_OPUS,
  AV_SAMPLE_FMT_FLTP,
  AvError,
  type CodecContext,
  type Frame,
  fillPacket,
  newFrame,
  openDecoder,
  Packet,
  Rational,
  SoftwareResampleContext,
} from "./node-av.ts";

/** Sound of one packet; planes are valid only inside the callback that receives it. */
export interface DecodedSound {
  readonly frame: Frame;
  readonly samples: number;
  readonly sampleRate: number;
  readonly channels: number;
  /** Presentation time as given to the decoder. */
  readonly ptsUs: number;
}

/** RFC 6716, 3.2.5: packets of one stream may differ in length. */
const LONGEST_OPUS_MS = 120;
const SOUND_CODECS = { aac: AV_CODEC_ID_AAC, opus: AV_CODEC_ID_OPUS } as const;

/** `config`: AudioSpecificConfig of AAC, identification header of Opus (RFC 7845 5.1). */
export interface SoundConfig {
  readonly codec: keyof typeof SOUND_CODECS;
  readonly config: Buffer;
}

/** Decodes one stream of sound. */
export class SoundDecoder {
  readonly #context: CodecContext;
  readonly #packet = new Packet();
  readonly #frame = newFrame();
  #closed = false;

  /** Throws {@link AvError}. */
  constructor(options: SoundConfig) {
    this.#context = openDecoder(SOUND_CODECS[options.codec], (context) => {
      context.threadCount = 1;
      context.pktTimebase = new Rational(1, 1_000_000);
      if (options.config.length > 0) context.extraData = options.config;
    });
    this.#packet.alloc();
  }

  /** Decodes one packet and hands each piece of sound to `take`. False when the packet is damaged. */
  decode(data: Buffer, ptsUs: number, take: (sound: DecodedSound) => void): boolean {
    if (this.#closed || data.length === 0) return false;
    fillPacket(this.#packet, data, ptsUs);
    if (this.#context.sendPacketSync(this.#packet) < 0) return false;
    while (this.#context.receiveFrameSync(this.#frame) >= 0) {
      const frame = this.#frame;
      if (frame.nbSamples > 0 && frame.sampleRate > 0) {
        take({
          frame,
          samples: frame.nbSamples,
          sampleRate: frame.sampleRate,
          channels: frame.channels,
          ptsUs: Number(frame.pts),
        });
      }
      frame.unref();
    }
    return true;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#context.freeContext();
    this.#packet.free();
    this.#frame.free();
  }
}

/** Converts sound of any rate and layout to 48 kHz stereo floats, stretching it on demand. */
export class Resampler {
  readonly #swr = new SoftwareResampleContext();
  readonly #left: Buffer;
  readonly #right: Buffer;
  readonly #capacity: number;
  /** The converted sound of the last {@link convert}; overwritten by the next. */
  readonly left: Float32Array;
  readonly right: Float32Array;

  /** Throws {@link AvError}. `like` tells the input format. */
  constructor(like: DecodedSound) {
    const { frame } = like;
    const made = this.#swr.allocSetOpts2(
      AV_CHANNEL_LAYOUT_STEREO,
      AV_SAMPLE_FMT_FLTP,
      48_000,
      frame.channelLayout,
      frame.format as typeof AV_SAMPLE_FMT_FLTP,
      frame.sampleRate,
    );
    if (made < 0 || this.#swr.init() < 0) throw new AvError(`no resampler from ${frame.sampleRate} Hz`);
    // Forces the resampling path from the start, so that a later compensation does not switch paths audibly.
    this.#swr.setCompensation(0, 48_000);
    const packetMs = Math.max((like.samples * 1_000) / like.sampleRate, LONGEST_OPUS_MS);
    this.#capacity = Math.ceil(packetMs * 48) * 2 + 4_096;
    this.#left = Buffer.from(new ArrayBuffer(this.#capacity * 4));
    this.#right = Buffer.from(new ArrayBuffer(this.#capacity * 4));
    this.left = new Float32Array(this.#left.buffer);
    this.right = new Float32Array(this.#right.buffer);
  }

  /** Number of samples now in `left` and `right`. */
  convert(sound: DecodedSound): number {
    const planes = sound.frame.data;
    if (!planes) return 0;
    return Math.max(0, this.#swr.convertSync([this.#left, this.#right], this.#capacity, planes, sound.samples));
  }

  /** Adds (or removes) `samples` evenly over the next second. */
  stretch(samples: number): void {
    this.#swr.setCompensation(samples, 48_000);
  }

  close(): void {
    this.#swr.free();
  }
}
