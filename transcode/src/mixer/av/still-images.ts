/** JPEG out, gray PNG in. */
import {
  AV_CODEC_FLAG_QSCALE,
  AV_CODEC_ID_MJPEG,
  AV_CODEC_ID_PNG,
  AV_PIX_FMT_GRAY8,
  AV_PIX_FMT_YUVJ420P,
  AvError,
  Codec,
  CodecContext,
  FF_QP2LAMBDA,
  fillPacket,
  newFrame,
  openDecoder,
  Packet,
  Rational,
} from "./node-av.ts";

/** Encodes small pictures as JPEG. */
export class JpegEncoder {
  readonly #context: CodecContext;
  readonly #frame = newFrame();
  readonly #packet = new Packet();
  readonly #quality: number;
  #count = 0n;

  /** `quality`: 2 (best) to 31. Throws {@link AvError}. */
  constructor(options: { readonly width: number; readonly height: number; readonly quality: number }) {
    const codec = Codec.findEncoder(AV_CODEC_ID_MJPEG);
    if (!codec) throw new AvError("no JPEG encoder");
    this.#quality = options.quality * FF_QP2LAMBDA;
    const context = new CodecContext();
    context.allocContext3(codec);
    context.width = options.width;
    context.height = options.height;
    context.pixelFormat = AV_PIX_FMT_YUVJ420P;
    context.timeBase = new Rational(1, 1);
    context.threadCount = 1;
    context.setFlags(AV_CODEC_FLAG_QSCALE);
    context.globalQuality = this.#quality;
    if (context.open2Sync(codec, null) < 0) throw new AvError("JPEG encoder refused");
    this.#context = context;
    this.#packet.alloc();
    this.#frame.width = options.width;
    this.#frame.height = options.height;
    this.#frame.format = AV_PIX_FMT_YUVJ420P;
    if (this.#frame.getBuffer(1) < 0) throw new AvError("no memory for a JPEG");
  }

  /** The JPEG file of yuvj420p planes without padding, or null when the encoder fails. */
  encode(pixels: Buffer): Buffer | null {
    const frame = this.#frame;
    // Without a rising pts the encoder takes one picture only.
    frame.pts = this.#count++;
    frame.quality = this.#quality;
    if (frame.makeWritable() < 0 || frame.fromBuffer(pixels) < 0) return null;
    if (this.#context.sendFrameSync(frame) < 0) return null;
    this.#packet.unref();
    if (this.#context.receivePacketSync(this.#packet) < 0) return null;
    const data = this.#packet.data;
    return data ? Buffer.from(data) : null;
  }

  close(): void {
    this.#context.freeContext();
    this.#frame.free();
    this.#packet.free();
  }
}

/** Decodes a gray PNG into rows without padding. Throws {@link AvError}. */
export function decodeGrayPng(file: Buffer): {
  readonly width: number;
  readonly height: number;
  readonly pixels: Buffer;
} {
  const context = openDecoder(AV_CODEC_ID_PNG, () => {});
  const packet = new Packet();
  packet.alloc();
  const frame = newFrame();
  try {
    fillPacket(packet, file, 0);
    if (context.sendPacketSync(packet) < 0 || context.receiveFrameSync(frame) < 0) throw new AvError("PNG not decoded");
    if (frame.format !== AV_PIX_FMT_GRAY8 || !frame.data?.[0]) throw new AvError("PNG is not 8-bit gray");
    const { width, height } = frame;
    const pixels = Buffer.alloc(width * height);
    const stride = frame.linesize[0] ?? width;
    for (let y = 0; y < height; y++) frame.data[0].copy(pixels, y * width, y * stride, y * stride + width);
    return { width, height, pixels };
  } finally {
    frame.free();
    packet.free();
    context.freeContext();
  }
}
