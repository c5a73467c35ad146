/**
 * The only importer of node-av (FFmpeg in this process). The files beside it wrap what the mixer needs; all calls
 * are synchronous. Reading a frame's memory after it was freed or unreferenced crashes the process.
 */
import { AV_LOG_QUIET } from "node-av/constants";
import { Codec, CodecContext, Frame, Log, type Packet } from "node-av/lib";

export {
  AV_CHANNEL_LAYOUT_STEREO,
  AV_CODEC_FLAG_LOW_DELAY,
  AV_CODEC_FLAG_QSCALE,
  AV_CODEC_ID_AAC,
  AV_CODEC_ID_AV1,
  AV_CODEC_ID_H264,
  AV_CODEC_ID_HEVC,
  AV_CODEC_ID_MJPEG,
  AV_CODEC_ID_OPUS,
  AV_CODEC_ID_PNG,
  AV_CODEC_ID_VP8,
  AV_PIX_FMT_GRAY8,
  AV_PIX_FMT_YUV420P,
  AV_PIX_FMT_YUVJ420P,
  AV_SAMPLE_FMT_FLTP,
  AV_SAMPLE_FMT_S16,
  FF_QP2LAMBDA,
  FF_THREAD_SLICE,
  SWS_BICUBIC,
  SWS_BILINEAR,
} from "node-av/constants";
export {
  Codec,
  CodecContext,
  Frame,
  Packet,
  Rational,
  SoftwareResampleContext,
  SoftwareScaleContext,
} from "node-av/lib";

// FFmpeg writes a line for each damaged packet; a hostile source would fill the log. Errors are counted instead.
Log.setLevel(AV_LOG_QUIET);

/** A codec could not be set up. */
export class AvError extends Error {
  override readonly name = "AvError";
}

/** An open decoder; `prepare` sets its fields first. Throws {@link AvError}. */
export function openDecoder(
  id: Parameters<typeof Codec.findDecoder>[0],
  prepare: (context: CodecContext) => void,
): CodecContext {
  const codec = Codec.findDecoder(id);
  if (!codec) throw new AvError(`no decoder for codec ${id}`);
  const context = new CodecContext();
  context.allocContext3(codec);
  prepare(context);
  const opened = context.open2Sync(codec, null);
  if (opened < 0) {
    context.freeContext();
    throw new AvError(`decoder for codec ${id} refused its configuration (${opened})`);
  }
  return context;
}

/** Makes `packet` hold a copy of `data`. */
export function fillPacket(packet: Packet, data: Buffer, ptsUs: number): void {
  packet.unref();
  packet.data = data;
  packet.pts = BigInt(Math.round(ptsUs));
}

/** An empty frame to receive into. */
export function newFrame(): Frame {
  const frame = new Frame();
  frame.alloc();
  return frame;
}
