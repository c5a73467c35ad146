/** Rectangles of each kind of layout, for a number of tiles in an area. Pure. */
import { centred, evenDown, inRows, inset, largestOf, type Rect, rowSizes, type Size, tileWidth } from "./geometry.ts";

/** Space between tiles, as a share of the area's short side. */
const GAP = 0.012;
/** Aspects of grid tiles at most: wider or taller would crop too much of a camera's picture. */
const WIDEST = 16 / 9;
const TALLEST = 3 / 4;
/** Small pictures over a large one: their width as a share of the area's. */
const INSET_WIDTH = 0.22;
const INSET_WIDTH_PORTRAIT = 0.3;
/** Speakers beside a shared screen, as a share of the area's long side. */
const STRIP = 0.2;
const STRIP_PORTRAIT = 0.32;
/** Room under an avatar for its name, by its diameter. */
const NAME_HEIGHT = 0.34;
const MOST_AVATARS_IN_ROW = 4;

export const gapOf = ({ width, height }: Size): number => Math.max(2, evenDown(Math.min(width, height) * GAP));

const isPortrait = ({ width, height }: Size): boolean => height > width;

/** One tile over the whole area, whatever its width: a picture of this size is shown as it is. */
export const wholeArea = (area: Rect): Rect => area;

/** Two tiles that fill the area, beside each other or, in portrait, above each other. */
export function sideBySide(area: Rect): Rect[] {
  const gap = gapOf(area);
  if (isPortrait(area)) {
    const height = evenDown((area.height - gap) / 2);
    return inRows([1, 1], { tile: { width: tileWidth(area.width), height }, gap: { width: 0, height: gap }, area });
  }
  const width = tileWidth((area.width - gap) / 2);
  return inRows([2], { tile: { width, height: evenDown(area.height) }, gap: { width: gap, height: 0 }, area });
}

/** Tiles as large as can be in rows that are as even as can be. */
export function grid(count: number, area: Rect): Rect[] {
  const gap = gapOf(area);
  const within = inset(area, gap);
  let best: { readonly tile: Size; readonly rows: readonly number[] } | null = null;
  for (let rows = 1; rows <= count; rows++) {
    const sizes = rowSizes(count, rows);
    const cell = {
      width: (within.width - (Math.max(...sizes) - 1) * gap) / Math.max(...sizes),
      height: (within.height - (rows - 1) * gap) / rows,
    };
    const tile = largestOf(Math.min(WIDEST, Math.max(TALLEST, cell.width / cell.height)), cell);
    if (!best || tile.width * tile.height > best.tile.width * best.tile.height) best = { tile, rows: sizes };
  }
  return best ? inRows(best.rows, { ...best, gap: { width: gap, height: gap }, area: within }) : [];
}

/** The large picture, then small ones over it from the lower right corner: leftwards, or upwards in portrait. */
export function pictureInPicture(count: number, area: Rect): Rect[] {
  const margin = gapOf(area) * 2;
  const portrait = isPortrait(area);
  const share = portrait ? INSET_WIDTH_PORTRAIT : INSET_WIDTH;
  const small = Math.max(1, count - 1);
  const room = portrait ? area.height - margin * (small + 1) : area.width - margin * (small + 1);
  const wanted = largestOf(16 / 9, { width: area.width * share, height: area.height });
  const most = portrait
    ? largestOf(16 / 9, { width: wanted.width, height: room / small })
    : largestOf(16 / 9, { width: room / small, height: area.height });
  const tile = most.width < wanted.width ? most : wanted;
  const insets = Array.from({ length: count - 1 }, (_, i) => ({
    ...tile,
    x: evenDown(area.x + area.width - margin - tile.width - (portrait ? 0 : i * (tile.width + margin))),
    y: evenDown(area.y + area.height - margin - tile.height - (portrait ? i * (tile.height + margin) : 0)),
  }));
  return [wholeArea(area), ...insets];
}

/** The shared screen, then the speakers in a strip beside it, or below it in portrait. */
export function screenWithSpeakers(speakers: number, area: Rect): Rect[] {
  if (speakers === 0) return [wholeArea(area)];
  const gap = gapOf(area);
  const within = inset(area, gap);
  if (isPortrait(area)) {
    const height = evenDown(within.height * (1 - STRIP_PORTRAIT));
    const screen = { ...within, width: tileWidth(within.width), height };
    const below = { ...within, y: within.y + height + gap, height: evenDown(within.height - height - gap) };
    return [centred(screen, { ...within, height }), ...grid(speakers, below)];
  }
  const width = tileWidth(within.width * (1 - STRIP));
  const strip = { ...within, x: within.x + width + gap, width: within.width - width - gap };
  const tile = largestOf(WIDEST, { width: strip.width, height: (strip.height - (speakers - 1) * gap) / speakers });
  const rows = Array.from({ length: speakers }, () => 1);
  const screen = { ...within, width, height: evenDown(within.height) };
  return [screen, ...inRows(rows, { tile, gap: { width: 0, height: gap }, area: strip })];
}

/** Squares for round avatars: the first large above the others, whose rows hold up to four; names fit below each. */
export function audioRoom(count: number, area: Rect): Rect[] {
  const within = inset(area, gapOf(area) * 2);
  if (count === 1) return [centred(avatar(within.height * 0.45, within.width * 0.6), within)];
  const rows = rowSizes(count - 1, Math.ceil((count - 1) / MOST_AVATARS_IN_ROW));
  const most = Math.max(...rows);
  // A large row counts as one and a half of the others.
  const rowHeight = within.height / (rows.length + 1.5);
  const tile = avatar(rowHeight / (1 + NAME_HEIGHT), within.width / (most * 1.35));
  const first = avatar((rowHeight * 1.5) / (1 + NAME_HEIGHT), within.width * 0.6);
  const top = { ...within, height: evenDown(rowHeight * 1.5) };
  const below = { ...within, y: within.y + top.height, height: evenDown(within.height - top.height) };
  const name = evenDown(tile.height * NAME_HEIGHT);
  const gap = { width: evenDown(tile.width * 0.4), height: name };
  const others = inRows(rows, { tile, gap, area: { ...below, height: evenDown(below.height - name) } });
  return [centred(first, { ...top, height: evenDown(top.height - first.height * NAME_HEIGHT * 0.6) }), ...others];
}

function avatar(height: number, width: number): Size {
  const side = tileWidth(Math.min(height, width));
  return { width: side, height: side };
}
