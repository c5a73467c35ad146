import { randomUUID } from "node:crypto";
import type { Clock } from "@lianmai/process";
import type { RoomHostSettings } from "../protocol/api.ts";
import type { Database, SqlRow, SqlValue } from "../storage/database.ts";

/** A room as it is kept, with its host's name. */
export interface StoredRoom extends RoomHostSettings {
  readonly id: string;
  readonly slug: string;
  readonly host: { readonly id: string; readonly name: string };
  readonly createdAtMs: number;
}

/** Where a page of rooms ends: rooms are ordered newest first, then by id. */
export interface RoomPosition {
  readonly createdAtMs: number;
  readonly id: string;
}

/** Settings of a room nobody has changed yet. */
export const DEFAULT_ROOM_SETTINGS = { takeover: "refuse", graceMs: 60_000, partTargetMs: 333 } as const;

/** Rooms, durable. A deleted room keeps its row, frees its slug and is found no more. */
export interface Rooms {
  /** Throws UniqueViolation when the slug is taken. */
  add(room: { slug: string; title: string; coverUrl: string; hostId: string }): Promise<StoredRoom>;
  bySlug(slug: string): Promise<StoredRoom | undefined>;
  byId(id: string): Promise<StoredRoom | undefined>;
  byHost(hostId: string): Promise<StoredRoom[]>;
  /** Rooms after a position, newest first. */
  page(options: { readonly after?: RoomPosition; readonly limit: number }): Promise<StoredRoom[]>;
  /** All rooms in the order of their ids; for projections. */
  batch(options: { readonly afterId: string; readonly limit: number }): Promise<StoredRoom[]>;
  /** Changes what is given; undefined when the room is gone. */
  change(slug: string, settings: Partial<RoomHostSettings>): Promise<StoredRoom | undefined>;
  remove(slug: string): Promise<boolean>;
}

const SELECT = `SELECT r.*, u.name AS host_name FROM rooms r JOIN users u ON u.id = r.host_id
  WHERE r.deleted_at_ms IS NULL`;
/** Column by setting: the only names that reach the text of an UPDATE. */
const COLUMNS = {
  title: "title",
  coverUrl: "cover_url",
  takeover: "takeover",
  graceMs: "grace_ms",
  partTargetMs: "part_target_ms",
  webrtc: "webrtc",
} as const satisfies Record<keyof RoomHostSettings, string>;

/** {@link Rooms} on SQLite. */
export function createRooms(database: Database, options: { readonly clock: Clock }): Rooms {
  const { clock } = options;
  const bySlug = (slug: string): StoredRoom | undefined => {
    const row = database.get(`${SELECT} AND r.slug = ?`, slug);
    return row && roomFrom(row);
  };
  return {
    async add({ slug, title, coverUrl, hostId }) {
      const { takeover, graceMs, partTargetMs } = DEFAULT_ROOM_SETTINGS;
      return database.transaction(() => {
        database.run(
          `INSERT INTO rooms (id, slug, title, cover_url, host_id, takeover, grace_ms, part_target_ms, created_at_ms)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          randomUUID(),
          slug,
          title,
          coverUrl,
          hostId,
          takeover,
          graceMs,
          partTargetMs,
          clock.wallMs(),
        );
        const room = bySlug(slug);
        if (!room) throw new Error("the room just added is not there");
        return room;
      });
    },
    bySlug: async (slug) => bySlug(slug),
    async byId(id) {
      const row = database.get(`${SELECT} AND r.id = ?`, id);
      return row && roomFrom(row);
    },
    byHost: async (hostId) =>
      database.all(`${SELECT} AND r.host_id = ? ORDER BY r.created_at_ms DESC, r.id DESC`, hostId).map(roomFrom),
    async page({ after, limit }) {
      const order = "ORDER BY r.created_at_ms DESC, r.id DESC LIMIT ?";
      const rows = after
        ? database.all(`${SELECT} AND (r.created_at_ms, r.id) < (?, ?) ${order}`, after.createdAtMs, after.id, limit)
        : database.all(`${SELECT} ${order}`, limit);
      return rows.map(roomFrom);
    },
    batch: async ({ afterId, limit }) =>
      database.all(`${SELECT} AND r.id > ? ORDER BY r.id LIMIT ?`, afterId, limit).map(roomFrom),
    async change(slug, settings) {
      const names = (Object.keys(COLUMNS) as (keyof RoomHostSettings)[]).filter((name) => settings[name] !== undefined);
      if (names.length > 0) {
        const text = names.map((name) => `${COLUMNS[name]} = ?`).join(", ");
        const values = names.map((name) => toSql(settings[name]));
        database.run(`UPDATE rooms SET ${text} WHERE slug = ? AND deleted_at_ms IS NULL`, ...values, slug);
      }
      return bySlug(slug);
    },
    remove: async (slug) =>
      database.run(
        "UPDATE rooms SET deleted_at_ms = ? WHERE slug = ? AND deleted_at_ms IS NULL",
        clock.wallMs(),
        slug,
      ) > 0,
  };
}

const toSql = (value: string | number | boolean | undefined): SqlValue =>
  typeof value === "boolean" ? Number(value) : (value ?? null);

const roomFrom = (row: SqlRow): StoredRoom => ({
  id: String(row["id"]),
  slug: String(row["slug"]),
  title: String(row["title"]),
  coverUrl: String(row["cover_url"]),
  host: { id: String(row["host_id"]), name: String(row["host_name"]) },
  takeover: row["takeover"] === "newest" ? "newest" : "refuse",
  graceMs: Number(row["grace_ms"]),
  partTargetMs: Number(row["part_target_ms"]),
  webrtc: row["webrtc"] === 1,
  createdAtMs: Number(row["created_at_ms"]),
});
