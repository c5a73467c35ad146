import type { Position } from "../../protocol/room/entry.ts";
import type { Cut, Skip, WantedRoom, WelcomeRoom } from "../../protocol/room/frames.ts";
import type { StateUpdate } from "../../protocol/room/state-plane.ts";
import type { KeptEntry } from "../log/kept-entry.ts";
import { compare, START } from "../log/positions.ts";
import type { RoomFeed } from "../log/room-feed.ts";
import type { Access } from "../people/room-access.ts";
import type { RoomState } from "../room-log.ts";

/** Entries shown to somebody who comes without a position. */
const RECENT_ENTRIES = 60;
/** Entries of one answer; what is left follows in batches. */
const PAGE_ENTRIES = 256;
/** Who has missed more than this gets the newest only, and reads the rest when somebody scrolls back. */
const MAX_MISSED = 2_000;

/** What a room tells somebody who joins. */
export interface FirstPage {
  readonly after: Position;
  readonly entries: readonly KeptEntry[];
  readonly skips: readonly Skip[];
  readonly cuts: readonly Cut[];
  readonly to: Position;
}

/** Reads what follows the wanted position, or the newest entries. */
export async function firstPage(feed: RoomFeed, at: WantedRoom["at"]): Promise<FirstPage> {
  if (!at || at.gen === 0) return newestPage(feed);
  // another edge may know a later generation than this one has heard of
  if (compare(at, feed.top) > 0) await feed.repair();
  if (at.gen > feed.top.gen) return newestPage(feed);
  const missed = feed.top.gen === at.gen ? feed.top.seq - at.seq : 0;
  if (missed > MAX_MISSED) {
    const newest = newestPage(feed);
    const skip: Skip = { gen: at.gen, from: at.seq + 1, to: newest.after.seq, why: "window" };
    return { ...newest, after: at, skips: [skip] };
  }
  return { after: at, ...(await feed.after(at, PAGE_ENTRIES)) };
}

function newestPage(feed: RoomFeed): FirstPage {
  const { top } = feed;
  const entries = feed.ring.last(RECENT_ENTRIES).filter(({ gen }) => gen === top.gen);
  const first = entries[0];
  const after = first ? { gen: first.gen, seq: first.seq - 1 } : top;
  return { after, entries, skips: [], cuts: [], to: top };
}

/** Entries by generation as JSON: they are JSON already. */
export function partsJson(entries: readonly KeptEntry[]): string {
  const parts = new Map<number, string[]>();
  for (const { gen, wire } of entries) {
    const part = parts.get(gen) ?? [];
    parts.set(gen, part);
    part.push(wire);
  }
  return `[${[...parts].map(([gen, msgs]) => `{"gen":${gen},"msgs":[${msgs.join(",")}]}`).join(",")}]`;
}

/** One room of a `welcome` or `joined` frame, as JSON. */
export function welcomeJson(options: {
  readonly feed: RoomFeed;
  readonly access: Access;
  readonly page: FirstPage;
  readonly state: RoomState;
  readonly values: readonly StateUpdate[];
}): string {
  const { feed, access, page, state, values } = options;
  const { after, skips, cuts, entries } = page;
  const room: Omit<WelcomeRoom, "parts"> = {
    room: access.slug,
    gen: feed.top.gen,
    top: feed.top.seq,
    dur: feed.durable ?? START,
    ...{ after, skips, cuts },
    modes: state.modes,
    pinned: state.pinned,
    state: values,
    you: access.you,
  };
  return `${JSON.stringify(room).slice(0, -1)},"parts":${partsJson(entries)}}`;
}
