import type { Database } from "../../storage/database.ts";
import { migrate, readMigrations } from "../../storage/migrate.ts";
import type { StateChange } from "../log/functions.ts";

const MIGRATIONS = new URL("./migrations/", import.meta.url);

/** The state of rooms on disk: what the sequencer is given back when Redis has lost it. */
export interface RoomStore {
  /** All fields of a room. */
  read(roomId: string): readonly StateChange[];
  /** Ids of rooms that hold a field of people, at most `limit`. */
  roomsWith(field: string, limit: number): readonly string[];
  /** Writes an act's changes, durable when it returns; an act already written changes nothing. */
  write(roomId: string, changes: readonly StateChange[], cid: string): void;
}

/** Brings chat.sqlite up to date; answers the versions applied. */
export const migrateRoomStore = (database: Database): number[] =>
  migrate(database, { migrations: readMigrations(MIGRATIONS) });

/** {@link RoomStore} on SQLite. */
export function createRoomStore(database: Database): RoomStore {
  return {
    read: (roomId) =>
      database
        .all("SELECT part, field, value FROM room_state WHERE room_id = ? AND value <> ''", roomId)
        .map((row) => ({
          key: row["part"] === "people" ? "people" : "meta",
          field: String(row["field"]),
          value: String(row["value"]),
        })),
    roomsWith: (field, limit) =>
      database
        .all(
          "SELECT room_id FROM room_state WHERE part = 'people' AND field = ? AND value <> '' LIMIT ?",
          ...[field, limit],
        )
        .map((row) => String(row["room_id"])),
    write(roomId, changes, cid) {
      if (changes.length === 0) return;
      database.transaction(() => {
        for (const { key, field, value } of changes) {
          database.run(
            `INSERT INTO room_state (room_id, part, field, value, cid) VALUES (?, ?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET value = excluded.value, cid = excluded.cid`,
            roomId,
            key,
            field,
            value,
            cid,
          );
        }
      });
    },
  };
}
