/** Draws a scene: each tile's picture, scaled, row by row into a program picture, with faces and names over it. */
import { PictureStage } from "../av/scaler.ts";
import type { Picture, Planes } from "../av/video-decoder.ts";
import type { Overlays } from "../overlay/overlays.ts";
import { drawFace } from "./draw-face.ts";
import { copyRows, fillPicture } from "./program-pictures.ts";
import { type Placement, placeInRect, type Rect, type Scene, type Tile, tileKey } from "./scene.ts";

const BLACK = [16, 128, 128] as const;
/** Between the tiles of a stage: nearly black, a little blue. */
const STAGE = [24, 133, 125] as const;
const WHOLE = 1;

/** Holds a stage per tile; what it draws depends on its arguments alone, and on what a tile showed before. */
export class Compositor {
  readonly #size: { readonly width: number; readonly height: number };
  readonly #overlays: Overlays | null;
  readonly #stages = new Map<string, PictureStage>();
  /** By target, between which places the background was last drawn in it; absent: it may be drawn over. */
  readonly #grounds = new WeakMap<Planes, string>();

  /** Without `overlays`, names and faces are left out. */
  constructor(size: { readonly width: number; readonly height: number }, overlays: Overlays | null = null) {
    this.#size = size;
    this.#overlays = overlays;
  }

  /**
   * Draws every tile, back to front, over the background. A tile without a picture keeps its last one. Planes of
   * `target` have no padding; who else draws in them says so, by {@link drawnOver}.
   */
  compose(scene: Scene, pictures: ReadonlyMap<string, Picture>, target: Planes): void {
    this.#forgetAbsent(scene);
    this.#drawGround(scene, pictures, target);
    for (const tile of scene.tiles) this.#drawTile(tile, pictures.get(tile.sourceId) ?? null, target);
  }

  /** Somebody else draws in a target that was, or will be, drawn in here. */
  drawnOver(target: Planes): void {
    this.#grounds.delete(target);
  }

  close(): void {
    for (const stage of this.#stages.values()) stage.close();
    this.#stages.clear();
  }

  #drawGround(scene: Scene, pictures: ReadonlyMap<string, Picture>, target: Planes): void {
    const before = this.#grounds.get(target);
    this.#grounds.delete(target);
    const filled = scene.tiles.filter((tile) => isFilled(tile, pictures.get(tile.sourceId)));
    if (filled.some(({ rect }) => isWhole(rect, this.#size))) return;
    const ground = JSON.stringify([scene.background, ...scene.tiles.map(({ rect }) => rect)]);
    const isThere = filled.length === scene.tiles.length && ground === before;
    if (!isThere) fillPicture(target, scene.background === "stage" ? STAGE : BLACK);
    if (filled.length === scene.tiles.length) this.#grounds.set(target, ground);
  }

  #drawTile(tile: Tile, picture: Picture | null, target: Planes): void {
    const canvas = { ...target, height: this.#size.height };
    const opacity = tile.opacity ?? WHOLE;
    if (!tile.face?.isAvatar) this.#drawPicture(tile, picture, target);
    if (tile.face && this.#overlays) drawFace({ ...tile, face: tile.face, opacity }, canvas, this.#overlays);
  }

  #drawPicture(tile: Tile, picture: Picture | null, target: Planes): void {
    const key = tileKey(tile);
    const before = this.#stages.get(key);
    const size = picture ?? before?.drawn;
    if (!size) return;
    const placement = placeInRect(size, tile);
    const stage = this.#stageOf(key, placement, picture !== null);
    const planes = picture ? stage.draw(picture) : stage.planes;
    const opacity = tile.opacity ?? WHOLE;
    if (opacity >= WHOLE) blit(planes, target, placement);
    else fadeIn(planes, target, placement, opacity);
  }

  /** The tile's stage at a size; a new one takes over what the old one showed, where there is no new picture. */
  #stageOf(key: string, { scaled }: Placement, hasPicture: boolean): PictureStage {
    const stage = this.#stages.get(key);
    if (stage?.width === scaled.width && stage.height === scaled.height) return stage;
    const made = new PictureStage(scaled);
    if (stage && !hasPicture) made.takeOver(stage);
    stage?.close();
    this.#stages.set(key, made);
    return made;
  }

  #forgetAbsent(scene: Scene): void {
    for (const [key, stage] of this.#stages) {
      if (scene.tiles.some((tile) => tileKey(tile) === key)) continue;
      stage.close();
      this.#stages.delete(key);
    }
  }
}

/** True when a tile's whole place is drawn anew, and nothing beside it. */
function isFilled(tile: Tile, picture: Picture | undefined): boolean {
  if (!picture || tile.face?.isAvatar || tile.face?.label === "below" || (tile.opacity ?? WHOLE) < WHOLE) return false;
  return isWhole(placeInRect(picture, tile).target, tile.rect);
}

const isWhole = (rect: Rect, size: { readonly width: number; readonly height: number }): boolean =>
  rect.width === size.width && rect.height === size.height;

/** One plane of a placement: where it is read, where it is written, how much. */
interface Span {
  readonly source: Buffer;
  readonly sourceStride: number;
  readonly sourceOffset: number;
  readonly target: Buffer;
  readonly targetStride: number;
  readonly targetOffset: number;
  readonly columns: number;
  readonly rows: number;
}

function spansOf(from: Planes, to: Planes, { offset, target: rect }: Placement): Span[] {
  return [0, 1, 2].flatMap((plane) => {
    const [source, target] = [from.data[plane], to.data[plane]];
    const sourceStride = from.strides[plane] ?? 0;
    const targetStride = to.strides[plane] ?? 0;
    const shift = plane === 0 ? 1 : 2;
    if (!source || !target) return [];
    return [
      {
        ...{ source, sourceStride, target, targetStride },
        sourceOffset: (offset.y / shift) * sourceStride + offset.x / shift,
        targetOffset: (rect.y / shift) * targetStride + rect.x / shift,
        columns: rect.width / shift,
        rows: rect.height / shift,
      },
    ];
  });
}

function blit(from: Planes, to: Planes, placement: Placement): void {
  for (const span of spansOf(from, to, placement)) {
    copyRows(
      { data: span.source, stride: span.sourceStride, offset: span.sourceOffset },
      { data: span.target, stride: span.targetStride, offset: span.targetOffset },
      { bytes: span.columns, rows: span.rows },
    );
  }
}

/** Mixes a picture into what is there. */
function fadeIn(from: Planes, to: Planes, placement: Placement, opacity: number): void {
  const share = Math.round(opacity * 256);
  for (const { source, target, ...span } of spansOf(from, to, placement)) {
    for (let row = 0; row < span.rows; row++) {
      let s = span.sourceOffset + row * span.sourceStride;
      let t = span.targetOffset + row * span.targetStride;
      for (let column = 0; column < span.columns; column++, s++, t++) {
        const under = target[t] as number;
        target[t] = under + ((((source[s] as number) - under) * share) >> 8);
      }
    }
  }
}
