/** Scales pictures and converts their pixel format. */
import {
  AV_PIX_FMT_GRAY8,
  type AV_PIX_FMT_YUV420P,
  AV_PIX_FMT_YUVJ420P,
  SoftwareScaleContext,
  SWS_BICUBIC,
  SWS_BILINEAR,
} from "./node-av.ts";
import type { Planes } from "./video-decoder.ts";

/** yuv420p, full range: what JPEG wants. */
export const YUVJ420P: number = AV_PIX_FMT_YUVJ420P;
export const GRAY8: number = AV_PIX_FMT_GRAY8;

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
    type Format = typeof AV_PIX_FMT_YUV420P;
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
