import type { Clock } from "@lianmai/process";
import { type FeedParts, RoomFeed } from "./room-feed.ts";

/** A feed nobody listens to is kept this long. */
const IDLE_MS = 60_000;
const SWEEP_MS = 10_000;
/** Rooms followed at once by one process. */
const MAX_FEEDS = 10_000;

/** The feeds of the rooms that somebody here is in. */
export interface RoomFeeds {
  /** The room's feed, running; rejects with RoomAway. */
  get(roomId: string): Promise<RoomFeed>;
  /** The feed if it runs already. */
  peek(roomId: string): RoomFeed | undefined;
  stop(): void;
}

/** Makes {@link RoomFeeds}. */
export function createRoomFeeds(parts: FeedParts & { readonly clock: Clock }): RoomFeeds {
  const { clock } = parts;
  const running = new Map<string, { readonly feed: RoomFeed; usedMs: number }>();
  const starting = new Map<string, Promise<RoomFeed>>();
  const start = async (roomId: string): Promise<RoomFeed> => {
    if (running.size >= MAX_FEEDS) throw new Error("too many rooms are followed");
    const feed = new RoomFeed(roomId, parts);
    try {
      await feed.start();
    } catch (error) {
      feed.stop();
      throw error;
    }
    running.set(roomId, { feed, usedMs: clock.monotonicMs() });
    return feed;
  };
  const sweeper = setInterval(() => {
    const nowMs = clock.monotonicMs();
    for (const [roomId, entry] of running) {
      if (entry.feed.isFollowed) entry.usedMs = nowMs;
      if (nowMs - entry.usedMs < IDLE_MS) continue;
      entry.feed.stop();
      running.delete(roomId);
    }
  }, SWEEP_MS).unref();
  return {
    get(roomId) {
      const found = running.get(roomId);
      if (found) {
        found.usedMs = clock.monotonicMs();
        return Promise.resolve(found.feed);
      }
      const begun = starting.get(roomId) ?? start(roomId).finally(() => starting.delete(roomId));
      starting.set(roomId, begun);
      return begun;
    },
    peek: (roomId) => running.get(roomId)?.feed,
    stop() {
      clearInterval(sweeper);
      for (const { feed } of running.values()) feed.stop();
      running.clear();
    },
  };
}
