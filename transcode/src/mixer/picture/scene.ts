/** Where sources stand in the program picture. Pure data and geometry. */

import type { Rect, Size } from "../../layout/geometry.ts";

export type { Rect } from "../../layout/geometry.ts";

/** What stands in a tile beside the source's picture. */
export interface TileFace {
  readonly name: string;
  readonly label: "inside" | "below" | "none";
  readonly shape: "rectangle" | "circle";
  readonly isMuted: boolean;
  /** Drawn instead of the picture: the participant has no camera, or it is lost. */
  readonly isAvatar: boolean;
  /** The participant has no camera: no picture is waited for. */
  readonly isMediaAvatar: boolean;
  readonly isSpeaking: boolean;
  /** The tile's size when it has come to rest: what is painted for it does not change while it moves. */
  readonly size: Size;
}

/** One source's place. */
export interface Tile {
  /** The same while the tile moves and while its source is replaced; the source's id when absent. */
  readonly key?: string;
  readonly sourceId: string;
  /** All values even. */
  readonly rect: Rect;
  /** 0 shows the whole picture between bars, 1 fills the place and crops. */
  readonly fill: number;
  /** Absent: 1. */
  readonly opacity?: number;
  readonly face?: TileFace;
}

/** Tiles from back to front. */
export interface Scene {
  readonly tiles: readonly Tile[];
  /** What is seen between tiles; black when absent. */
  readonly background?: "stage";
}

export const tileKey = (tile: Tile): string => tile.key ?? tile.sourceId;

/** One source over the whole program picture. */
export function soloScene(sourceId: string, size: Size): Scene {
  return {
    tiles: [{ sourceId, rect: { x: 0, y: 0, width: size.width, height: size.height }, fill: 0 }],
  };
}

/** A source picture scaled to `scaled`, of which the part at `offset` lands in `target`. */
export interface Placement {
  readonly scaled: Size;
  readonly offset: { readonly x: number; readonly y: number };
  readonly target: Rect;
}

/** Fits a picture of `source` pixels (each `pixelAspect` wide) into a rectangle, on even pixels. */
export function placeInRect(
  source: Size & { readonly pixelAspect: number },
  options: { readonly rect: Rect; readonly fill: number },
): Placement {
  const { rect, fill } = options;
  const aspect = (source.width * clampAspect(source.pixelAspect)) / source.height;
  const across = rect.width / aspect;
  // The height at which the whole is seen, and the one at which nothing else is.
  const [whole, filled] = [Math.min(across, rect.height), Math.max(across, rect.height)];
  const height = whole + (filled - whole) * fill;
  const scaled = scaledSize(
    source,
    { width: snap(height * aspect, rect.width), height: snap(height, rect.height) },
    fill,
  );
  const width = Math.min(scaled.width, rect.width);
  const shown = Math.min(scaled.height, rect.height);
  return {
    scaled,
    offset: { x: evenDown((scaled.width - width) / 2), y: evenDown((scaled.height - shown) / 2) },
    target: {
      x: rect.x + evenDown((rect.width - width) / 2),
      y: rect.y + evenDown((rect.height - shown) / 2),
      width,
      height: shown,
    },
  };
}

/**
 * A place that is hardly smaller than a usual size of cameras is filled with a picture of that size, cropped: one that
 * comes so stays sharp, and scaling costs most of drawing. The same for all sizes that come, as those of simulcast do in
 * turn, so that what is seen never jumps; nor does it in a tile that glides, as a place a little smaller, or not yet
 * wholly filled, is in between.
 */
function scaledSize(source: Size & { readonly pixelAspect: number }, wanted: Size, fill: number): Size {
  const isUsual = clampAspect(source.pixelAspect) === 1 && source.width * USUAL.height === source.height * USUAL.width;
  const height = USUAL_HEIGHTS.find((each) => wanted.height <= each) ?? Number.POSITIVE_INFINITY;
  const near = (wanted.height / height - CROPPED_FROM) / (CROPPED_WHOLLY - CROPPED_FROM);
  if (!isUsual || near <= 0) return wanted;
  const share = CROPPED_FROM + Math.min(1, near) * fill * (1 - CROPPED_FROM);
  return {
    width: Math.max(wanted.width, even((height * share * USUAL.width) / USUAL.height)),
    height: Math.max(wanted.height, even(height * share)),
  };
}

const USUAL = { width: 16, height: 9 } as const;
const USUAL_HEIGHTS = [180, 360, 540, 720, 1_080] as const;
/** Wanted height as a share of the usual: 3 % at each edge are missed by nobody. */
const CROPPED_WHOLLY = 0.94;
const CROPPED_FROM = 0.88;

const even = (value: number): number => Math.max(2, Math.round(value / 2) * 2);
/** Even, and exactly `side` where rounding alone tells them apart. */
const snap = (value: number, side: number): number => (Math.abs(value - side) < 1 ? side : even(value));
const evenDown = (value: number): number => Math.max(0, Math.floor(value / 2) * 2);
/** Stated pixel aspects outside this range are mistakes. */
const clampAspect = (aspect: number): number => (aspect > 0.25 && aspect < 4 ? aspect : 1);
