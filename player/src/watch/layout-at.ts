/** Finds the layout of the picture on screen among a playlist's date ranges, and reads it. Pure. */
import type { LayoutDocument, LayoutTile } from "@lianmai/edge/protocol/layout";

/** The part of a date range that is looked at. */
export interface LayoutRange {
  readonly class: string;
  readonly startDate: Date;
  readonly attr: Readonly<Record<string, string | undefined>>;
}

const CLASS = "lianmai.layout";
/** What this reader understands. */
const VERSION = 1;

/** The text of the latest layout that begins no later than the picture; empty without one. */
export function layoutAt(
  ranges: Readonly<Record<string, LayoutRange | undefined>> | undefined,
  picture: Date | null,
): string {
  let found: LayoutRange | undefined;
  for (const range of Object.values(ranges ?? {})) {
    if (range?.class !== CLASS || !picture || range.startDate > picture) continue;
    if (!found || range.startDate >= found.startDate) found = range;
  }
  return found?.attr["X-LAYOUT"] ?? "";
}

/** Later than any picture. */
const NEVER = new Date(8.64e15);

/** The text of the newest layout in a media playlist; empty without one. */
export function newestLayout(playlist: string): string {
  const ranges: Record<string, LayoutRange> = {};
  for (const [, list = ""] of playlist.matchAll(/^#EXT-X-DATERANGE:(.*)$/gm)) {
    const attr: Record<string, string | undefined> = {};
    for (const [, name = "", quoted, bare] of list.matchAll(/([A-Z\d-]+)=(?:"([^"]*)"|([^",]*))/g)) {
      attr[name] = quoted ?? bare;
    }
    ranges[attr["ID"] ?? ""] = { class: attr["CLASS"] ?? "", startDate: new Date(attr["START-DATE"] ?? 0), attr };
  }
  return layoutAt(ranges, NEVER);
}

/** Reads a layout; undefined for what is no layout, or one of a version this page does not know. */
export function readLayout(text: string): LayoutDocument | undefined {
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    const value = JSON.parse(new TextDecoder().decode(bytes)) as Partial<LayoutDocument>;
    if (value.version !== VERSION || !Array.isArray(value.tiles)) return undefined;
    return value.canvas && value.canvas.width > 0 && value.canvas.height > 0 ? (value as LayoutDocument) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether somebody is in the picture. */
export function isIn(layout: LayoutDocument | undefined, userId: string | undefined): boolean {
  return layout?.tiles.some(({ participantId }) => participantId === userId) ?? false;
}

/** Who can be tapped: each once, in the place that is seen. Nobody where one person fills the picture. */
export function tappable({ tiles }: LayoutDocument): readonly LayoutTile[] {
  const people = new Set(tiles.map(({ participantId }) => participantId));
  return people.size > 1 ? tiles : [];
}
