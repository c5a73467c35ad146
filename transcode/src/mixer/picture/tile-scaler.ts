/**
 * Scales source pictures for one tile into a buffer of its own. The scaler writes some bytes past each row unless
 * widths are multiples of 16, and past the plane in the last row: hence padded rows and a padded end here, and row
 * copies into the canvas, never scaling straight into it.
 */
import { Scaler } from "../av/scaler.ts";
import { type Picture, type Planes, YUV420P } from "../av/video-decoder.ts";
import type { Placement } from "./scene.ts";

const ROW_ALIGN = 64;
const PAD_BYTES = 256;

export class TileScaler {
  #scaler: Scaler | null = null;
  #geometry = "";
  #planes: Planes = { data: [], strides: [] };
  #done: Picture | null = null;

  /** The picture at the placement's size, until the next call. The same picture again costs nothing. */
  scale(picture: Picture, placement: Placement): Planes {
    const { crop, target } = placement;
    const geometry = [picture.pixelFormat, crop.width, crop.height, crop.x, crop.y, target.width, target.height].join();
    if (geometry !== this.#geometry) this.#reopen(picture, placement, geometry);
    else if (this.#done === picture) return this.#planes;
    this.#scaler?.scale(cropped(picture, placement), this.#planes);
    this.#done = picture;
    return this.#planes;
  }

  close(): void {
    this.#scaler?.close();
    this.#scaler = null;
    this.#geometry = "";
    this.#done = null;
  }

  #reopen(picture: Picture, { crop, target }: Placement, geometry: string): void {
    this.close();
    this.#scaler = new Scaler({
      from: { width: crop.width, height: crop.height, pixelFormat: picture.pixelFormat },
      to: { width: target.width, height: target.height, pixelFormat: YUV420P },
    });
    this.#planes = paddedPlanes(target.width, target.height);
    this.#geometry = geometry;
  }
}

/** yuv420p planes that the scaler may overrun. */
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

/** Only planar 4:2:0 can be cropped by moving the start; other formats are shown whole. */
function cropped(picture: Picture, { crop }: Placement): Planes {
  if (crop.x === 0 && crop.y === 0) return picture;
  const [strideY = 0, strideU = 0, strideV = 0] = picture.strides;
  const [y, u, v] = picture.data;
  if (!y || !u || !v) return picture;
  return {
    data: [
      y.subarray(crop.y * strideY + crop.x),
      u.subarray((crop.y / 2) * strideU + crop.x / 2),
      v.subarray((crop.y / 2) * strideV + crop.x / 2),
    ],
    strides: picture.strides,
  };
}
