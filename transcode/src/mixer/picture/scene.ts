/** Where sources stand in the program picture. Pure data and geometry. */

/** Pixels of the program picture; all values even. */
export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** One source's place. `contain` shows all of it between bars, `cover` fills the place and crops. */
export interface Tile {
  readonly sourceId: string;
  readonly rect: Rect;
  readonly fit: "contain" | "cover";
}

/** Tiles from back to front. */
export interface Scene {
  readonly tiles: readonly Tile[];
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** One source over the whole program picture. */
export function soloScene(sourceId: string, size: Size): Scene {
  return {
    tiles: [{ sourceId, rect: { x: 0, y: 0, width: size.width, height: size.height }, fit: "contain" }],
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
  options: { readonly rect: Rect; readonly fit: Tile["fit"] },
): Placement {
  const { rect, fit } = options;
  const aspect = (source.width * clampAspect(source.pixelAspect)) / source.height;
  const isWider = aspect > rect.width / rect.height;
  const fillsWidth = fit === "contain" ? isWider : !isWider;
  const scaled = fillsWidth
    ? { width: rect.width, height: even(rect.width / aspect) }
    : { width: even(rect.height * aspect), height: rect.height };
  const width = Math.min(scaled.width, rect.width);
  const height = Math.min(scaled.height, rect.height);
  return {
    scaled,
    offset: { x: evenDown((scaled.width - width) / 2), y: evenDown((scaled.height - height) / 2) },
    target: {
      x: rect.x + evenDown((rect.width - width) / 2),
      y: rect.y + evenDown((rect.height - height) / 2),
      width,
      height,
    },
  };
}

const even = (value: number): number => Math.max(2, Math.round(value / 2) * 2);
const evenDown = (value: number): number => Math.max(0, Math.floor(value / 2) * 2);
/** Stated pixel aspects outside this range are mistakes. */
const clampAspect = (aspect: number): number => (aspect > 0.25 && aspect < 4 ? aspect : 1);
