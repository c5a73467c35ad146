/** Who is watching, as far as this process sees: identities by their last media playlist request. */

/** A viewer counts for this long after a media playlist request. */
export const VIEWER_FRESH_MS = 6_000;
/** A viewer is not new to shedding for this long after any playlist request. */
export const VIEWER_KNOWN_MS = 15_000;
/** Viewers remembered; beyond it new ones are served but not counted. */
const MAX_VIEWERS = 50_000;

/** The viewers of this process. */
export interface Viewers {
  /** Notes a playlist request; `watching` for a media playlist. Answers whether the viewer was known. */
  seen(room: string, viewer: string, options: { readonly watching: boolean; readonly nowMs: number }): boolean;
  /** Whether the viewer asked within {@link VIEWER_KNOWN_MS}, without noting anything. */
  knows(room: string, viewer: string, nowMs: number): boolean;
  /** Distinct viewers by room; forgets those who left. */
  count(nowMs: number): ReadonlyMap<string, number>;
  /** Viewers remembered in all, without looking at the clock. */
  readonly size: number;
}

/** Times of a viewer's last requests; mutable, as it changes with each. */
interface Seen {
  anyMs: number;
  watchingMs: number;
}

/** Makes {@link Viewers}. */
export function createViewers(): Viewers {
  const rooms = new Map<string, Map<string, Seen>>();
  let size = 0;
  return {
    seen(room, viewer, { watching, nowMs }) {
      let viewers = rooms.get(room);
      if (!viewers) {
        viewers = new Map();
        rooms.set(room, viewers);
      }
      const entry = viewers.get(viewer);
      if (entry) {
        const known = nowMs - entry.anyMs <= VIEWER_KNOWN_MS;
        entry.anyMs = nowMs;
        if (watching) entry.watchingMs = nowMs;
        return known;
      }
      if (size < MAX_VIEWERS) {
        viewers.set(viewer, { anyMs: nowMs, watchingMs: watching ? nowMs : Number.NEGATIVE_INFINITY });
        size += 1;
      }
      return false;
    },
    knows(room, viewer, nowMs) {
      const entry = rooms.get(room)?.get(viewer);
      return entry !== undefined && nowMs - entry.anyMs <= VIEWER_KNOWN_MS;
    },
    count(nowMs) {
      const counts = new Map<string, number>();
      for (const [room, viewers] of rooms) {
        const before = viewers.size;
        const watching = countRoom(viewers, nowMs);
        size -= before - viewers.size;
        if (viewers.size === 0) rooms.delete(room);
        if (watching > 0) counts.set(room, watching);
      }
      return counts;
    },
    get size() {
      return size;
    },
  };
}

/** Counts a room's viewers and forgets those who left. */
function countRoom(viewers: Map<string, Seen>, nowMs: number): number {
  let watching = 0;
  for (const [viewer, { anyMs, watchingMs }] of viewers) {
    if (nowMs - watchingMs <= VIEWER_FRESH_MS) watching += 1;
    else if (nowMs - anyMs > VIEWER_KNOWN_MS) viewers.delete(viewer);
  }
  return watching;
}
