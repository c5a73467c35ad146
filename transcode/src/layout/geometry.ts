/** Rectangles that a layout is made of. Pure. */

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Pixels of the canvas. */
export interface Rect extends Size {
  readonly x: number;
  readonly y: number;
}

/** Chroma is sampled at every second pixel. */
export const evenDown = (value: number): number => Math.max(0, Math.floor(value / 2) * 2);
/** Scalers work in blocks of this many pixels; they write past rows of any other width. */
const WIDTH_STEP = 16;
/** The largest allowed width that is not above `value`. */
export const tileWidth = (value: number): number => Math.max(WIDTH_STEP, Math.floor(value / WIDTH_STEP) * WIDTH_STEP);

/** The largest tile of `aspect` (width by height) that fits in a size. */
export function largestOf(aspect: number, { width, height }: Size): Size {
  const fitted = tileWidth(Math.min(width, height * aspect));
  return { width: fitted, height: Math.min(evenDown(height), Math.max(2, evenDown(fitted / aspect))) };
}

/** A tile in the middle of an area. */
export function centred(size: Size, area: Rect): Rect {
  return {
    ...size,
    x: area.x + evenDown((area.width - size.width) / 2),
    y: area.y + evenDown((area.height - size.height) / 2),
  };
}

/** An area without a margin on each side. */
export function inset(area: Rect, margin: number): Rect {
  const across = Math.min(margin, evenDown((area.width - 16) / 2));
  const down = Math.min(margin, evenDown((area.height - 2) / 2));
  return { x: area.x + across, y: area.y + down, width: area.width - 2 * across, height: area.height - 2 * down };
}

/** Sizes of `rows` rows that hold `count` tiles as evenly as can be, fuller rows first. */
export function rowSizes(count: number, rows: number): number[] {
  const least = Math.floor(count / rows);
  return Array.from({ length: rows }, (_, row) => least + (row < count % rows ? 1 : 0)).filter((size) => size > 0);
}

/** Tiles of one size in rows, each row centred, the whole centred in the area. */
export function inRows(
  rows: readonly number[],
  options: { readonly tile: Size; readonly gap: Size; readonly area: Rect },
): Rect[] {
  const { tile, gap, area } = options;
  const height = rows.length * tile.height + (rows.length - 1) * gap.height;
  const top = area.y + evenDown((area.height - height) / 2);
  return rows.flatMap((count, row) => {
    const width = count * tile.width + (count - 1) * gap.width;
    const left = area.x + evenDown((area.width - width) / 2);
    return Array.from({ length: count }, (_, column) => ({
      ...tile,
      x: left + column * (tile.width + gap.width),
      y: top + row * (tile.height + gap.height),
    }));
  });
}
