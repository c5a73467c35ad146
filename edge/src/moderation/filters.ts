import type { Clock } from "@lianmai/process";
import { createFilter, type WordFilter } from "./filter/filter.ts";
import { STARTER_LIST } from "./filter/starter-list.ts";
import { SITE, type WordLists } from "./store/word-lists.ts";

/** How long a changed list of another process may take to count here. */
const LOOK_EVERY_MS = 1_000;
/** Compiled filters kept; rooms beyond are compiled again when they speak. */
const MAX_FILTERS = 200;

/** The compiled filter of each room: the starter list, the site's, the room's. */
export interface Filters {
  of(roomId: string): WordFilter;
}

/** Makes {@link Filters}; a room is compiled at its first message and when a list has changed. */
export function createFilters(lists: WordLists, options: { readonly clock: Clock }): Filters {
  const { clock } = options;
  const compiled = new Map<string, WordFilter>();
  let version = lists.version();
  let lookedMs = clock.monotonicMs();
  const look = () => {
    const nowMs = clock.monotonicMs();
    if (nowMs - lookedMs < LOOK_EVERY_MS) return;
    lookedMs = nowMs;
    const current = lists.version();
    if (current !== version) compiled.clear();
    version = current;
  };
  return {
    of(roomId) {
      look();
      const known = compiled.get(roomId);
      if (known) return known;
      const filter = createFilter([STARTER_LIST, lists.list(SITE), ...(roomId === SITE ? [] : [lists.list(roomId)])]);
      const oldest = compiled.size >= MAX_FILTERS ? compiled.keys().next().value : undefined;
      if (oldest !== undefined) compiled.delete(oldest);
      compiled.set(roomId, filter);
      return filter;
    },
  };
}
