/** Decodes H.264, HEVC, AV1 and VP8 into pictures. */
import {
  AV_CODEC_FLAG_LOW_DELAY,
  AV_CODEC_ID_AV1,
  AV_CODEC_ID_H264,
  AV_CODEC_ID_HEVC,
  AV_CODEC_ID_VP8,
  AV_PIX_FMT_YUV420P,
  type CodecContext,
  FF_THREAD_SLICE,
  type Frame,
  fillPacket,
  newFrame,
  openDecoder,
  Packet,
  Rational,
} from "./node-av.ts";

/** Pixels of a picture at most: more is refused before memory is taken. */
const MAX_PIXELS = 4_096 * 2_304;

/** Planes with their row strides in bytes. */
export interface Planes {
  readonly data: readonly Buffer[];
  readonly strides: readonly number[];
}

/**
 * One decoded picture; hold it as long as needed, then `release()` it once. Its pixels are drawn by a
 * `PictureStage`: looking at native memory from here for each picture would cost a garbage collection every 50 MB.
 */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** FFmpeg pixel format number; {@link YUV420P} needs no conversion. */
  readonly pixelFormat: number;
  /** Presentation time as given to the decoder. */
  readonly ptsUs: number;
  /** Width of a pixel divided by its height. */
  readonly pixelAspect: number;
  /** For the files of this folder only; not to be touched after the release. */
  readonly frame: Frame;
  release(): void;
}

/** yuv420p, limited range: the program's own format. */
export const YUV420P: number = AV_PIX_FMT_YUV420P;

const VIDEO_CODECS = {
  h264: AV_CODEC_ID_H264,
  hevc: AV_CODEC_ID_HEVC,
  av1: AV_CODEC_ID_AV1,
  vp8: AV_CODEC_ID_VP8,
} as const;
const MICROSECONDS = new Rational(1, 1_000_000);

/**
 * Decodes one video stream. `config` is avcC, hvcC or av1C and packets are as in FLV; without a configuration, H.264 is
 * in Annex B form with its parameter sets in band.
 */
export class VideoDecoder {
  readonly #context: CodecContext;
  readonly #packet = new Packet();
  readonly #pool: Frame[] = [];
  #closed = false;

  /** Throws {@link AvError} when the codec or its configuration is refused. */
  constructor(options: {
    readonly codec: keyof typeof VIDEO_CODECS;
    readonly config: Buffer;
    readonly threads: number;
  }) {
    const { codec, config, threads } = options;
    this.#context = openDecoder(VIDEO_CODECS[codec], (context) => {
      context.threadCount = threads;
      // Slices only: frame threads would hold back one picture per thread.
      context.threadType = FF_THREAD_SLICE;
      context.setFlags(AV_CODEC_FLAG_LOW_DELAY);
      context.pktTimebase = MICROSECONDS;
      context.setOption("max_pixels", String(MAX_PIXELS));
      if (config.length > 0) context.extraData = config;
    });
    this.#packet.alloc();
  }

  /** Frames per second as the stream's header says; 0 when it does not. */
  get headerFps(): number {
    const { num, den } = this.#context.framerate;
    return num > 0 && den > 0 ? num / den : 0;
  }

  /** False when the packet is damaged. */
  send(data: Buffer, ptsUs: number): boolean {
    if (this.#closed || data.length === 0) return false;
    fillPacket(this.#packet, data, ptsUs);
    return this.#context.sendPacketSync(this.#packet) >= 0;
  }

  /** The next decoded picture, in presentation order; null when more packets are needed. */
  receive(): Picture | null {
    if (this.#closed) return null;
    const frame = this.#pool.pop() ?? newFrame();
    if (this.#context.receiveFrameSync(frame) < 0) {
      this.#pool.push(frame);
      return null;
    }
    const picture = this.#wrap(frame);
    if (!picture) this.#recycle(frame);
    return picture;
  }

  /** No packet follows: {@link receive} then gives what was held for reordering. */
  finish(): void {
    if (!this.#closed) this.#context.sendPacketSync(null);
  }

  /** Forgets reference pictures, before the next keyframe. */
  flush(): void {
    if (!this.#closed) this.#context.flushBuffers();
  }

  /** Pictures already received stay valid until released. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#context.freeContext();
    this.#packet.free();
    for (const frame of this.#pool.splice(0)) frame.free();
  }

  #wrap(frame: Frame): Picture | null {
    if (frame.width <= 0 || frame.height <= 0) return null;
    const { num, den } = frame.sampleAspectRatio;
    let released = false;
    return {
      frame,
      width: frame.width,
      height: frame.height,
      pixelFormat: frame.format,
      ptsUs: Number(frame.pts),
      pixelAspect: num > 0 && den > 0 ? num / den : 1,
      release: () => {
        if (released) return;
        released = true;
        this.#recycle(frame);
      },
    };
  }

  #recycle(frame: Frame): void {
    frame.unref();
    if (this.#closed) frame.free();
    else this.#pool.push(frame);
  }
}
