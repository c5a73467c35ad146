import type { Clock, Logger } from "@lianmai/process";
import type { Rooms } from "../../rooms/rooms.ts";
import type { Database } from "../../storage/database.ts";
import type { Archive } from "./archive.ts";

const DAY_MS = 86_400_000;
const SWEEP_EVERY_MS = 3_600_000;
const FIRST_SWEEP_MS = 60_000;
const ROOMS_AT_ONCE = 100;

/** How long each room's archive is kept. */
export interface Retention {
  /** Days of a room; null: as the installation says. */
  days(roomId: string): number | null;
  set(roomId: string, days: number | null): void;
  /** Forgets what is too old in all rooms; answers how many entries. */
  sweep(): Promise<number>;
  stop(): void;
}

/** Makes {@link Retention}; the process that archives sweeps each hour. `defaultDays` 0: for good. */
export function startRetention(parts: {
  readonly database: Database;
  readonly archive: Pick<Archive, "expire">;
  readonly archiver: { readonly isLeader: boolean };
  readonly rooms: Pick<Rooms, "batch">;
  readonly defaultDays: number;
  readonly clock: Clock;
  readonly logger: Logger;
}): Retention {
  const { database, archive, archiver, rooms, defaultDays, clock, logger } = parts;
  const days = (roomId: string): number | null => {
    const row = database.get("SELECT days FROM retentions WHERE room_id = ?", roomId);
    return row ? Number(row["days"]) : null;
  };
  const expireAll = async (roomIds: readonly string[]): Promise<number> => {
    const limits = roomIds.flatMap((roomId) => {
      const kept = days(roomId) ?? defaultDays;
      return kept > 0 ? [{ roomId, beforeMs: clock.wallMs() - kept * DAY_MS }] : [];
    });
    let forgotten = 0;
    for (let some = -1; some !== 0 && limits.length > 0; forgotten += some) some = await archive.expire(limits);
    return forgotten;
  };
  const sweep = async (): Promise<number> => {
    let forgotten = 0;
    for (let page = await rooms.batch({ afterId: "", limit: ROOMS_AT_ONCE }); page.length > 0; ) {
      forgotten += await expireAll(page.map(({ id }) => id));
      page = await rooms.batch({ afterId: page.at(-1)?.id ?? "", limit: ROOMS_AT_ONCE });
    }
    if (forgotten > 0) logger.info({ forgotten }, "old entries of rooms were forgotten");
    return forgotten;
  };
  const sweepIfLeader = () => {
    if (!archiver.isLeader) return;
    void sweep().catch((error: unknown) => logger.warn({ err: error }, "old entries could not be forgotten"));
  };
  const first = setTimeout(sweepIfLeader, FIRST_SWEEP_MS).unref();
  const timer = setInterval(sweepIfLeader, SWEEP_EVERY_MS).unref();
  return {
    days,
    set(roomId, kept) {
      if (kept === null) database.run("DELETE FROM retentions WHERE room_id = ?", roomId);
      else database.run("INSERT OR REPLACE INTO retentions (room_id, days) VALUES (?, ?)", roomId, kept);
    },
    sweep,
    stop() {
      clearTimeout(first);
      clearInterval(timer);
    },
  };
}
