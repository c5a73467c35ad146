import { randomUUID } from "node:crypto";
import type { Clock } from "@lianmai/process";
import { createCountedCache } from "../../bounded-cache.ts";
import type { Note } from "../../protocol/moderation.ts";
import type { Database } from "../../storage/database.ts";

/** Notes of moderators on one person in one room. */
const MAX_NOTES = 100;
/** People remembered to have spoken; the rest is looked up. */
const MAX_KNOWN = 50_000;
/** First words not written down yet; beyond it the next message of the person counts. */
const MAX_UNWRITTEN = 10_000;

/** What rooms know of people: who follows, who is a member, who has spoken, what moderators wrote down. */
export interface RoomPeople {
  /** Follows from now on; a repeated one keeps its time. Answers since when. */
  follow(userId: string, roomId: string): number;
  unfollow(userId: string, roomId: string): boolean;
  /** Null when the person does not follow. */
  followsSince(userId: string, roomId: string): number | null;
  followers(roomId: string): number;
  setMember(userId: string, roomId: string, member: boolean, byId: string): boolean;
  isMember(userId: string, roomId: string): boolean;
  /** Notes that the person has spoken; kept in memory until {@link RoomPeople.flush}, as talking must not cost an fsync. */
  spoke(userId: string, roomId: string): void;
  /** Writes down who has spoken. */
  flush(): void;
  hasSpoken(userId: string, roomId: string): boolean;
  /** What modes ask of a person. */
  facts(
    userId: string,
    roomId: string,
  ): { readonly isMember: boolean; readonly followsSinceMs: number | null; readonly isKnown: boolean };
  /** Undefined when there are too many. */
  addNote(
    roomId: string,
    userId: string,
    text: string,
    by: { readonly id: string; readonly name: string },
  ): Note | undefined;
  notes(roomId: string, userId: string): readonly Note[];
}

/** {@link RoomPeople} on SQLite. */
export function createRoomPeople(database: Database, options: { readonly clock: Clock }): RoomPeople {
  const { clock } = options;
  const known = createCountedCache<{ readonly atMs: number }>({ maxEntries: MAX_KNOWN });
  const spoken = new Map<string, { readonly userId: string; readonly roomId: string; readonly atMs: number }>();
  const exists = (table: "members" | "speakers", userId: string, roomId: string) =>
    database.get(`SELECT 1 FROM ${table} WHERE user_id = ? AND room_id = ?`, userId, roomId) !== undefined;
  const followsSince = (userId: string, roomId: string) => {
    const row = database.get("SELECT since_ms FROM follows WHERE user_id = ? AND room_id = ?", userId, roomId);
    return row ? Number(row["since_ms"]) : null;
  };
  const notes = (roomId: string, userId: string) =>
    database
      .all("SELECT * FROM notes WHERE room_id = ? AND user_id = ? ORDER BY at_ms DESC", roomId, userId)
      .map((row) => ({
        id: String(row["id"]),
        text: String(row["text"]),
        by: { id: String(row["by_id"]), name: String(row["by_name"]) },
        atMs: Number(row["at_ms"]),
      }));
  const hasSpoken = (userId: string, roomId: string) =>
    known.get(`${roomId} ${userId}`) !== undefined || exists("speakers", userId, roomId);
  return {
    facts: (userId, roomId) => ({
      isMember: exists("members", userId, roomId),
      followsSinceMs: followsSince(userId, roomId),
      isKnown: hasSpoken(userId, roomId),
    }),
    follow(userId, roomId) {
      database.run("INSERT OR IGNORE INTO follows VALUES (?, ?, ?)", userId, roomId, clock.wallMs());
      return followsSince(userId, roomId) ?? clock.wallMs();
    },
    unfollow: (userId, roomId) =>
      database.run("DELETE FROM follows WHERE user_id = ? AND room_id = ?", userId, roomId) > 0,
    followsSince,
    followers: (roomId) => Number(database.get("SELECT count(*) AS n FROM follows WHERE room_id = ?", roomId)?.["n"]),
    setMember: (userId, roomId, member, byId) =>
      (member
        ? database.run("INSERT OR IGNORE INTO members VALUES (?, ?, ?, ?)", userId, roomId, byId, clock.wallMs())
        : database.run("DELETE FROM members WHERE user_id = ? AND room_id = ?", userId, roomId)) > 0,
    isMember: (userId, roomId) => exists("members", userId, roomId),
    spoke(userId, roomId) {
      const key = `${roomId} ${userId}`;
      if (known.get(key)) return;
      known.set(key, { atMs: clock.wallMs() });
      if (exists("speakers", userId, roomId) || spoken.size >= MAX_UNWRITTEN) return;
      spoken.set(key, { userId, roomId, atMs: clock.wallMs() });
    },
    hasSpoken,
    flush() {
      if (spoken.size === 0) return;
      const rows = [...spoken.values()];
      spoken.clear();
      database.transaction(() => {
        for (const { userId, roomId, atMs } of rows) {
          database.run("INSERT OR IGNORE INTO speakers VALUES (?, ?, ?)", userId, roomId, atMs);
        }
      });
    },
    addNote(roomId, userId, text, by) {
      if (notes(roomId, userId).length >= MAX_NOTES) return undefined;
      const note = { id: randomUUID(), text, by, atMs: clock.wallMs() };
      const row = [note.id, roomId, userId, text, by.id, by.name, note.atMs] as const;
      database.run("INSERT INTO notes VALUES (?, ?, ?, ?, ?, ?, ?)", ...row);
      return note;
    },
    notes,
  };
}
