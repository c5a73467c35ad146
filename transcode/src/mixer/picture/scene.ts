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

/** Which part of a source picture lands where. */
export interface Placement {
  readonly crop: Rect;
  readonly target: Rect;
}

/** Fits a picture of `source` pixels (each `pixelAspect` wide) into a rectangle, on even pixels. */
export function placeInRect(
  source: Size & { readonly pixelAspect: number },
  options: { readonly rect: Rect; readonly fit: Tile["fit"] },
): Placement {
  const { rect, fit } = options;
  const aspect = (source.width * clampAspect(source.pixelAspect)) / source.height;
  const rectAspect = rect.width / rect.height;
  const whole: Rect = { x: 0, y: 0, width: source.width, height: source.height };
  if (fit === "cover") {
    const width = aspect > rectAspect ? even((source.width * rectAspect) / aspect) : source.width;
    const height = aspect < rectAspect ? even((source.height * aspect) / rectAspect) : source.height;
    return { crop: center({ width, height }, whole), target: rect };
  }
  const width = aspect >= rectAspect ? rect.width : even(rect.height * aspect);
  const height = aspect <= rectAspect ? rect.height : even(rect.width / aspect);
  return {
    crop: whole,
    target: center({ width: Math.min(width, rect.width), height: Math.min(height, rect.height) }, rect),
  };
}

function center(size: Size, within: Rect): Rect {
  return {
    x: within.x + evenDown((within.width - size.width) / 2),
    y: within.y + evenDown((within.height - size.height) / 2),
    width: size.width,
    height: size.height,
  };
}

const even = (value: number): number => Math.max(2, Math.round(value / 2) * 2);
const evenDown = (value: number): number => Math.max(0, Math.floor(value / 2) * 2);
/** Stated pixel aspects outside this range are mistakes. */
const clampAspect = (aspect: number): number => (aspect > 0.25 && aspect < 4 ? aspect : 1);
