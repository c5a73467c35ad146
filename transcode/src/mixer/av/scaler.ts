/** Scales pictures and converts their pixel format. */
import {
  AV_PIX_FMT_GRAY8,
  AV_PIX_FMT_YUV420P,
  AV_PIX_FMT_YUVJ420P,
  AvError,
  newFrame,
  SoftwareScaleContext,
  SWS_BICUBIC,
  SWS_BILINEAR,
} from "./node-av.ts";
import type { Picture, Planes } from "./video-decoder.ts";

/** yuv420p, full range: what JPEG wants. */
export const YUVJ420P: number = AV_PIX_FMT_YUVJ420P;
export const GRAY8: number = AV_PIX_FMT_GRAY8;

/** The library's own type for pixel formats, which are plain numbers elsewhere. */
type Format = typeof AV_PIX_FMT_YUV420P;
const ROW_ALIGN = 64;
const PAD_BYTES = 256;

/** Size and pixel format of one side of a {@link Scaler}. */
export interface ScalerSide {
  readonly width: number;
  readonly height: number;
  readonly pixelFormat: number;
}

/** Scales and converts pictures of one constant geometry. The caller sizes the target: overruns are not checked. */
export class Scaler {
  readonly #context = new SoftwareScaleContext();
  readonly #sourceHeight: number;

  constructor(options: { readonly from: ScalerSide; readonly to: ScalerSide; readonly smooth?: boolean }) {
    const { from, to } = options;
    this.#sourceHeight = from.height;
    this.#context.getContext(
      from.width,
      from.height,
      from.pixelFormat as Format,
      to.width,
      to.height,
      to.pixelFormat as Format,
      options.smooth ? SWS_BICUBIC : SWS_BILINEAR,
    );
  }

  scale(source: Planes, target: Planes): void {
    const { data, strides } = source;
    this.#context.scaleSync([...data], [...strides], 0, this.#sourceHeight, [...target.data], [...target.strides]);
  }

  close(): void {
    this.#context.freeContext();
  }
}

/** Shape of a picture that was drawn. */
export type PictureSize = Pick<Picture, "width" | "height" | "pixelAspect">;

/**
 * Draws decoded pictures at one constant size, as yuv420p in memory of its own that is looked at only once. The
 * scaler writes some bytes past each row when widths are not multiples of 16: FFmpeg's own frames have room for
 * that, so pictures are drawn here first and copied row by row, never scaled straight into a canvas.
 */
export class PictureStage {
  readonly width: number;
  readonly height: number;
  readonly #frame = newFrame();
  readonly #planes: Planes;
  #scaler: SoftwareScaleContext | null = null;
  #geometry = "";
  #picture: Picture | null = null;
  #drawn: PictureSize | null = null;

  /** Throws {@link AvError} when there is no memory. */
  constructor(size: { readonly width: number; readonly height: number }) {
    this.width = size.width;
    this.height = size.height;
    this.#frame.width = size.width;
    this.#frame.height = size.height;
    this.#frame.format = AV_PIX_FMT_YUV420P;
    const made = this.#frame.getBuffer(0);
    const data = this.#frame.data;
    if (made < 0 || !data) throw new AvError(`no memory for ${size.width}x${size.height}`);
    this.#planes = { data, strides: this.#frame.linesize.slice(0, 3) };
  }

  /** Shape of the picture last drawn; null before the first. */
  get drawn(): PictureSize | null {
    return this.#drawn;
  }

  /** What was last drawn, until {@link close}. */
  get planes(): Planes {
    return this.#planes;
  }

  /** The picture at this stage's size, until the next call or {@link close}. The same picture again costs nothing. */
  draw(picture: Picture): Planes {
    if (picture === this.#picture) return this.#planes;
    const { width, height, pixelFormat, pixelAspect, frame } = picture;
    const isSame = width === this.width && height === this.height && pixelFormat === AV_PIX_FMT_YUV420P;
    if (isSame) this.#frame.copy(frame);
    else this.#scalerFor(picture).scaleFrameSync(this.#frame, frame);
    this.#picture = picture;
    this.#drawn = { width, height, pixelAspect };
    return this.#planes;
  }

  /** Shows what another stage shows, scaled. */
  takeOver(other: PictureStage): void {
    if (!other.#drawn) return;
    this.#scalerFor({ width: other.width, height: other.height, pixelFormat: AV_PIX_FMT_YUV420P }).scaleFrameSync(
      this.#frame,
      other.#frame,
    );
    this.#drawn = other.#drawn;
  }

  /** The planes must not be read any more. */
  close(): void {
    this.#scaler?.freeContext();
    this.#scaler = null;
    this.#frame.free();
  }

  #scalerFor({ width, height, pixelFormat }: ScalerSide): SoftwareScaleContext {
    const geometry = `${width}x${height}/${pixelFormat}`;
    if (this.#scaler && geometry === this.#geometry) return this.#scaler;
    this.#scaler?.freeContext();
    const scaler = new SoftwareScaleContext();
    scaler.getContext(width, height, pixelFormat as Format, this.width, this.height, AV_PIX_FMT_YUV420P, SWS_BILINEAR);
    this.#scaler = scaler;
    this.#geometry = geometry;
    return scaler;
  }
}

/** yuv420p planes that a {@link Scaler} may overrun. */
export function paddedPlanes(width: number, height: number): Planes {
  const stride = Math.ceil((width + PAD_BYTES / 2) / ROW_ALIGN) * ROW_ALIGN;
  return {
    data: [
      Buffer.alloc(stride * height + PAD_BYTES),
      Buffer.alloc((stride / 2) * (height / 2) + PAD_BYTES),
      Buffer.alloc((stride / 2) * (height / 2) + PAD_BYTES),
    ],
    strides: [stride, stride / 2, stride / 2],
  };
}
