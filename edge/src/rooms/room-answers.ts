import { createHash } from "node:crypto";
import type { Clock } from "@lianmai/process";
import { createCountedCache } from "../bounded-cache.ts";
import type { Room } from "../protocol/api.ts";

/** A room's public answer, rendered once for all who poll it. */
export interface RoomAnswer {
  readonly body: string;
  readonly etag: string;
}

/** A rendered answer is used this long; changes of a program or a room end it at once. */
const FRESH_MS = 1_000;
const MAX_ROOMS = 2_000;

/** Rendered answers by slug; also that a slug has none. */
export interface RoomAnswers {
  /** The answer, rendered by `describe` if there is no fresh one; undefined when there is no such room. */
  get(slug: string, describe: () => Promise<Room | undefined>): Promise<RoomAnswer | undefined>;
  /** Forgets a room's answer. */
  forget(slug: string): void;
}

/** Makes {@link RoomAnswers}. */
export function createRoomAnswers(options: { readonly clock: Clock }): RoomAnswers {
  const { clock } = options;
  const kept = createCountedCache<{ readonly answer: RoomAnswer | undefined; readonly untilMs: number }>({
    maxEntries: MAX_ROOMS,
  });
  return {
    async get(slug, describe) {
      const entry = kept.get(slug);
      if (entry && entry.untilMs > clock.monotonicMs()) return entry.answer;
      const room = await describe();
      const answer = room && render(room);
      kept.set(slug, { answer, untilMs: clock.monotonicMs() + FRESH_MS });
      return answer;
    },
    forget: (slug) => kept.delete(slug),
  };
}

function render(room: Room): RoomAnswer {
  const body = JSON.stringify(room);
  return { body, etag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"` };
}
