import type { Clock, Redis } from "@lianmai/process";
import { VIEWER_FRESH_MS, type Viewers } from "./viewers.ts";

/** Redis hash by edge node: `count@atMs` of a room's viewers there. */
export const viewersRedisKey = (room: string, prefix = "edge:viewers"): string => `${prefix}:${room}`;
/** Counts are written and read back this often. */
export const SHARE_VIEWERS_MS = 2_000;
const HASH_LIFE_SECONDS = 30;

/** Viewers of a room over all edges; this edge's own while Redis is away. */
export interface ViewerTotals {
  total(room: string): number;
  /** Viewers at this edge, all rooms. */
  here(): number;
  stop(): Promise<void>;
}

/** Adds up a hash's fresh fields, leaving out our own (it is known better here). */
export function othersCount(
  fields: Readonly<Record<string, string>>,
  options: { nodeId: string; nowMs: number },
): number {
  let sum = 0;
  for (const [field, text] of Object.entries(fields)) {
    if (field === options.nodeId) continue;
    const [count, atMs] = text.split("@").map(Number);
    if (count === undefined || atMs === undefined || !Number.isSafeInteger(count) || count < 0) continue;
    if (options.nowMs - atMs <= VIEWER_FRESH_MS) sum += count;
  }
  return sum;
}

/** Shares this edge's counts of `rooms()` and those with viewers here, every {@link SHARE_VIEWERS_MS}. */
export function shareViewers(parts: {
  readonly redis: Redis;
  readonly viewers: Pick<Viewers, "count">;
  readonly clock: Clock;
  readonly nodeId: string;
  /** Of the keys, for counts of something else than viewers of the video. */
  readonly prefix?: string;
  /** Rooms whose totals are wanted. */
  readonly rooms: () => Iterable<string>;
  /** Called with the rooms whose total has changed. */
  readonly onChange?: (room: string) => void;
}): ViewerTotals {
  const { redis, viewers, clock, nodeId, prefix, rooms, onChange } = parts;
  let mine: ReadonlyMap<string, number> = new Map();
  let totals = new Map<string, number>();
  let sharing = false;

  const replace = (next: Map<string, number>) => {
    const before = totals;
    totals = next;
    for (const room of new Set([...before.keys(), ...next.keys()])) {
      if (before.get(room) !== next.get(room)) onChange?.(room);
    }
  };
  const share = async () => {
    const before = mine;
    mine = viewers.count(clock.monotonicMs());
    if (sharing) return;
    sharing = true;
    const wanted = [...new Set([...rooms(), ...mine.keys(), ...before.keys()])];
    try {
      replace(await exchange(wanted));
    } catch {
      replace(new Map(mine));
    } finally {
      sharing = false;
    }
  };
  const exchange = async (wanted: readonly string[]): Promise<Map<string, number>> => {
    if (redis.status !== "ready") return new Map(mine);
    if (wanted.length === 0) return new Map();
    const pipeline = redis.pipeline();
    const nowMs = clock.wallMs();
    for (const room of wanted) {
      const key = viewersRedisKey(room, prefix);
      const count = mine.get(room) ?? 0;
      if (count > 0) pipeline.hset(key, nodeId, `${count}@${nowMs}`);
      else pipeline.hdel(key, nodeId);
      pipeline.expire(key, HASH_LIFE_SECONDS);
      pipeline.hgetall(key);
    }
    const answers = (await pipeline.exec()) ?? [];
    const totalOf = (room: string, fields: unknown) =>
      (mine.get(room) ?? 0) + (isTexts(fields) ? othersCount(fields, { nodeId, nowMs }) : 0);
    return new Map(wanted.map((room, index) => [room, totalOf(room, answers[index * 3 + 2]?.[1])]));
  };
  const timer = setInterval(() => void share(), SHARE_VIEWERS_MS).unref();
  return {
    total: (room) => totals.get(room) ?? 0,
    here: () => [...mine.values()].reduce((sum, count) => sum + count, 0),
    async stop() {
      clearInterval(timer);
      // stops counting here at once instead of after the fields have gone stale
      if (redis.status !== "ready" || mine.size === 0) return;
      const pipeline = redis.pipeline();
      for (const room of mine.keys()) pipeline.hdel(viewersRedisKey(room, prefix), nodeId);
      await pipeline.exec().catch(() => undefined);
    },
  };
}

const isTexts = (value: unknown): value is Record<string, string> => typeof value === "object" && value !== null;
