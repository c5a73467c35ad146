/** Draws a scene: each tile's picture, scaled, row by row into a program picture. */
import { type Picture, type Planes, YUV420P } from "../av/video-decoder.ts";
import { copyRows, fillPicture } from "./program-pictures.ts";
import { type Placement, placeInRect, type Rect, type Scene } from "./scene.ts";
import { TileScaler } from "./tile-scaler.ts";

const BLACK = [16, 128, 128] as const;

/** Holds a scaler per tile; what it draws depends on its arguments alone. */
export class Compositor {
  readonly #size: { readonly width: number; readonly height: number };
  readonly #scalers = new Map<string, TileScaler>();

  constructor(size: { readonly width: number; readonly height: number }) {
    this.#size = size;
  }

  /** Draws every tile that has a picture, back to front, over black. Planes of `target` have no padding. */
  compose(scene: Scene, pictures: ReadonlyMap<string, Picture>, target: Planes): void {
    this.#forgetAbsent(scene);
    if (!this.#isCovered(scene, pictures)) fillPicture(target, BLACK);
    for (const tile of scene.tiles) {
      const picture = pictures.get(tile.sourceId);
      if (!picture) continue;
      const placement = placeInRect(picture, {
        rect: tile.rect,
        fit: picture.pixelFormat === YUV420P ? tile.fit : "contain",
      });
      const isExact = isUnscaled(picture, placement);
      const planes = isExact ? picture : this.#scalerOf(tile.sourceId).scale(picture, placement);
      blit(planes, target, placement.target);
    }
  }

  close(): void {
    for (const scaler of this.#scalers.values()) scaler.close();
    this.#scalers.clear();
  }

  #scalerOf(sourceId: string): TileScaler {
    let scaler = this.#scalers.get(sourceId);
    if (!scaler) {
      scaler = new TileScaler();
      this.#scalers.set(sourceId, scaler);
    }
    return scaler;
  }

  #forgetAbsent(scene: Scene): void {
    for (const [sourceId, scaler] of this.#scalers) {
      if (scene.tiles.some((tile) => tile.sourceId === sourceId)) continue;
      scaler.close();
      this.#scalers.delete(sourceId);
    }
  }

  /** True when some tile hides the background wholly. */
  #isCovered(scene: Scene, pictures: ReadonlyMap<string, Picture>): boolean {
    return scene.tiles.some((tile) => {
      const picture = pictures.get(tile.sourceId);
      if (!picture) return false;
      const { target } = placeInRect(picture, { rect: tile.rect, fit: tile.fit });
      return target.width === this.#size.width && target.height === this.#size.height;
    });
  }
}

function isUnscaled(picture: Picture, { crop, target }: Placement): boolean {
  const isWhole = crop.width === picture.width && crop.height === picture.height;
  return isWhole && picture.pixelFormat === YUV420P && crop.width === target.width && crop.height === target.height;
}

function blit(from: Planes, to: Planes, rect: Rect): void {
  for (let plane = 0; plane < 3; plane++) {
    const source = from.data[plane];
    const target = to.data[plane];
    const stride = to.strides[plane] ?? 0;
    if (!source || !target) continue;
    const shift = plane === 0 ? 1 : 2;
    copyRows(
      { data: source, stride: from.strides[plane] ?? 0, offset: 0 },
      { data: target, stride, offset: (rect.y / shift) * stride + rect.x / shift },
      { bytes: rect.width / shift, rows: rect.height / shift },
    );
  }
}
