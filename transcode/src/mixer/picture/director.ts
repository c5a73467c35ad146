/** Moves a program from one layout to the next: tiles that stay glide, those that come or go fade. Pure but for time. */
import type { LayoutDocument, LayoutTile } from "../../layout/document.ts";
import { evenDown, type Rect } from "../../layout/geometry.ts";
import type { Scene, Tile } from "./scene.ts";

export const MOVE_MS = 400;

/** Which source fills which tile. */
export interface Casting {
  readonly room: string;
  readonly participantId: string;
  readonly slot: "camera" | "screen";
  readonly sourceId: string;
}

/** A layout with its sources, as the program is to show it. */
export interface Staging {
  readonly layout: LayoutDocument;
  readonly cast: readonly Casting[];
}

interface Place {
  readonly key: string;
  readonly sourceId: string;
  readonly rect: Rect;
  readonly fill: number;
  readonly opacity: number;
  readonly tile: LayoutTile;
}

/** What the director cannot know of a tile. */
export interface TileNews {
  readonly isAvatar: boolean;
  readonly isSpeaking: boolean;
}

export class SceneDirector {
  #from: readonly Place[] = [];
  #to: readonly Place[] = [];
  #layout: LayoutDocument | null = null;
  #startMs = Number.NEGATIVE_INFINITY;

  /** The layout moved to, or rested in. */
  get layout(): LayoutDocument | null {
    return this.#layout;
  }

  isMoving(atMs: number): boolean {
    return atMs < this.#startMs + MOVE_MS;
  }

  /** Begins to move to another staging; one with the same places changes at once. */
  direct({ layout, cast }: Staging, atMs: number): void {
    const now = this.#placesAt(atMs);
    const to = layout.tiles.map((tile): Place => {
      const slot = tile.media === "screen" ? "screen" : "camera";
      const key = `${tile.room}/${tile.participantId}/${slot}`;
      const casting = cast.find(
        (each) => each.room === tile.room && each.participantId === tile.participantId && each.slot === slot,
      );
      const rect = { x: tile.x, y: tile.y, width: tile.width, height: tile.height };
      // Without a source of its own it can still show a face.
      const sourceId = casting?.sourceId ?? `none:${key}`;
      return { key, sourceId, rect, fill: tile.fit === "cover" ? 1 : 0, opacity: 1, tile };
    });
    const isSame = now.length === to.length && now.every((place, i) => isSamePlace(place, to[i]));
    if (!isSame) {
      this.#from = this.#layout === null || now.length === 0 ? to : now;
      this.#startMs = this.#layout === null || now.length === 0 ? Number.NEGATIVE_INFINITY : atMs;
    }
    this.#to = to;
    this.#layout = layout;
  }

  /** The scene for a picture due at `atMs`. */
  sceneAt(atMs: number, news: (place: { readonly sourceId: string; readonly tile: LayoutTile }) => TileNews): Scene {
    const tiles = this.#placesAt(atMs).map((place): Tile => {
      const { key, sourceId, rect, fill, opacity, tile } = place;
      const { name, label, shape, width, height } = tile;
      const face = {
        name,
        label,
        shape,
        isMuted: tile.isMuted,
        isMediaAvatar: tile.media === "avatar",
        size: { width, height },
        ...news(place),
      };
      return { key, sourceId, rect, fill, opacity, face };
    });
    const isWhole = this.#layout?.kind === "solo" && !this.isMoving(atMs);
    return isWhole ? { tiles } : { tiles, background: "stage" };
  }

  #placesAt(atMs: number): readonly Place[] {
    if (!this.isMoving(atMs)) return this.#to;
    const share = ease((atMs - this.#startMs) / MOVE_MS);
    const leaving = this.#from
      .filter(({ key }) => !this.#to.some((place) => place.key === key))
      .map((place) => ({ ...place, opacity: place.opacity * (1 - share) }));
    const staying = this.#to.map((place) => {
      const before = this.#from.find(({ key }) => key === place.key);
      return before ? between(before, place, share) : { ...place, opacity: share };
    });
    return [...leaving, ...staying];
  }
}

function between(from: Place, to: Place, share: number): Place {
  const mix = (a: number, b: number): number => a + (b - a) * share;
  const rect = {
    x: evenDown(mix(from.rect.x, to.rect.x)),
    y: evenDown(mix(from.rect.y, to.rect.y)),
    width: Math.max(16, evenDown(mix(from.rect.width, to.rect.width))),
    height: Math.max(16, evenDown(mix(from.rect.height, to.rect.height))),
  };
  return { ...to, rect, fill: mix(from.fill, to.fill), opacity: mix(from.opacity, 1) };
}

function isSamePlace(a: Place, b: Place | undefined): boolean {
  if (a.key !== b?.key || a.fill !== b.fill || a.tile.shape !== b.tile.shape) return false;
  const [r, s] = [a.rect, b.rect];
  return r.x === s.x && r.y === s.y && r.width === s.width && r.height === s.height;
}

/** Starts and ends gently. */
const ease = (share: number): number => {
  const t = Math.max(0, Math.min(1, share));
  return t * t * (3 - 2 * t);
};
