/** Draws a scene: each tile's picture, scaled, row by row into a program picture. */
import { PictureStage } from "../av/scaler.ts";
import type { Picture, Planes } from "../av/video-decoder.ts";
import { copyRows, fillPicture } from "./program-pictures.ts";
import { type Placement, placeInRect, type Scene } from "./scene.ts";

const BLACK = [16, 128, 128] as const;

/** Holds a stage per tile; what it draws depends on its arguments alone. */
export class Compositor {
  readonly #size: { readonly width: number; readonly height: number };
  readonly #stages = new Map<string, PictureStage>();

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
      const placement = placeInRect(picture, tile);
      blit(this.#stageOf(tile.sourceId, placement).draw(picture), target, placement);
    }
  }

  close(): void {
    for (const stage of this.#stages.values()) stage.close();
    this.#stages.clear();
  }

  #stageOf(sourceId: string, { scaled }: Placement): PictureStage {
    const stage = this.#stages.get(sourceId);
    if (stage?.width === scaled.width && stage.height === scaled.height) return stage;
    stage?.close();
    const made = new PictureStage(scaled);
    this.#stages.set(sourceId, made);
    return made;
  }

  #forgetAbsent(scene: Scene): void {
    for (const [sourceId, stage] of this.#stages) {
      if (scene.tiles.some((tile) => tile.sourceId === sourceId)) continue;
      stage.close();
      this.#stages.delete(sourceId);
    }
  }

  /** True when some tile hides the background wholly. */
  #isCovered(scene: Scene, pictures: ReadonlyMap<string, Picture>): boolean {
    return scene.tiles.some((tile) => {
      const picture = pictures.get(tile.sourceId);
      if (!picture) return false;
      const { target } = placeInRect(picture, tile);
      return target.width === this.#size.width && target.height === this.#size.height;
    });
  }
}

function blit(from: Planes, to: Planes, { offset, target: rect }: Placement): void {
  for (let plane = 0; plane < 3; plane++) {
    const source = from.data[plane];
    const target = to.data[plane];
    const sourceStride = from.strides[plane] ?? 0;
    const targetStride = to.strides[plane] ?? 0;
    if (!source || !target) continue;
    const shift = plane === 0 ? 1 : 2;
    copyRows(
      { data: source, stride: sourceStride, offset: (offset.y / shift) * sourceStride + offset.x / shift },
      { data: target, stride: targetStride, offset: (rect.y / shift) * targetStride + rect.x / shift },
      { bytes: rect.width / shift, rows: rect.height / shift },
    );
  }
}
