import { createHash, randomInt, randomUUID } from "node:crypto";
import type { StreamKeyGrant } from "@lianmai/ingest/contract";
import type { Clock } from "@lianmai/process";
import type { StreamKey } from "../protocol/api.ts";
import type { Database, SqlRow } from "../storage/database.ts";

const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** A fresh stream key: `lm_` and 32 random base62 characters, 190 bits. */
export const generateStreamKey = (): string =>
  `lm_${Array.from({ length: 32 }, () => BASE62[randomInt(BASE62.length)]).join("")}`;

/** What is stored of a key and names it towards ingest: SHA-256, hex. */
export const hashStreamKey = (key: string): string => createHash("sha256").update(key).digest("hex");

/** A key's grant as ingest must see it, under the key's hash. */
export interface KeyGrant {
  readonly keyHash: string;
  readonly grant: StreamKeyGrant;
  readonly changedAtMs: number;
}

/** A key just made, with its secret. */
export interface MadeKey {
  readonly key: string;
  readonly streamKey: StreamKey;
}

/** Stream keys of rooms, durable, and who changed them. Keys are never deleted: a refused key stays known. */
export interface StreamKeys {
  create(roomId: string, options: { readonly label: string; readonly actorId: string }): Promise<MadeKey>;
  list(roomId: string): Promise<StreamKey[]>;
  /** How many of a room's keys are active. */
  countActive(roomId: string): Promise<number>;
  /** Retires an active key and makes its successor with the same label; undefined when it is not active. */
  rotate(roomId: string, keyId: string, options: { readonly actorId: string }): Promise<MadeKey | undefined>;
  /** Revokes a key; false when the room has none of that id. */
  revoke(roomId: string, keyId: string, options: { readonly actorId: string }): Promise<boolean>;
  revokeAll(roomId: string, options: { readonly actorId: string }): Promise<void>;
  /** Grants of one room. */
  grantsOf(roomId: string): Promise<KeyGrant[]>;
  /** All grants in the order of the keys' ids; for projections. */
  grantBatch(options: { readonly afterKeyId: string; readonly limit: number }): Promise<KeyGrant[]>;
}

const GRANTS = `SELECT k.*, r.slug, r.takeover FROM stream_keys k JOIN rooms r ON r.id = k.room_id`;

/** {@link StreamKeys} on SQLite. */
export function createStreamKeys(database: Database, options: { readonly clock: Clock }): StreamKeys {
  const { clock } = options;
  const record = (keyId: string, kind: "created" | "retired" | "revoked", actorId: string) =>
    database.run(
      "INSERT INTO stream_key_events (stream_key_id, kind, actor_id, at_ms) VALUES (?, ?, ?, ?)",
      keyId,
      kind,
      actorId,
      clock.wallMs(),
    );
  const insert = (roomId: string, label: string, actorId: string): MadeKey => {
    const key = generateStreamKey();
    const createdAtMs = clock.wallMs();
    const streamKey: StreamKey = { id: randomUUID(), label, hint: key.slice(-4), state: "active", createdAtMs };
    database.run(
      `INSERT INTO stream_keys (id, room_id, label, key_hash, hint, state, created_at_ms, changed_at_ms)
       VALUES (?, ?, ?, ?, ?, 'active', ?, ?)`,
      streamKey.id,
      roomId,
      label,
      hashStreamKey(key),
      streamKey.hint,
      createdAtMs,
      createdAtMs,
    );
    record(streamKey.id, "created", actorId);
    return { key, streamKey };
  };
  const setState = (keyId: string, state: "retired" | "revoked", actorId: string) => {
    const changed = database.run(
      "UPDATE stream_keys SET state = ?, changed_at_ms = ? WHERE id = ? AND state <> ?",
      state,
      clock.wallMs(),
      keyId,
      state,
    );
    if (changed > 0) record(keyId, state, actorId);
  };
  const find = (roomId: string, keyId: string) =>
    database.get("SELECT * FROM stream_keys WHERE id = ? AND room_id = ?", keyId, roomId);
  return {
    create: async (roomId, { label, actorId }) => database.transaction(() => insert(roomId, label, actorId)),
    list: async (roomId) =>
      database
        .all("SELECT * FROM stream_keys WHERE room_id = ? ORDER BY created_at_ms DESC, rowid DESC LIMIT 200", roomId)
        .map(keyFrom),
    countActive: async (roomId) =>
      Number(
        database.get("SELECT count(*) AS n FROM stream_keys WHERE room_id = ? AND state = 'active'", roomId)?.["n"],
      ),
    rotate: async (roomId, keyId, { actorId }) =>
      database.transaction(() => {
        const old = find(roomId, keyId);
        if (old?.["state"] !== "active") return undefined;
        setState(keyId, "retired", actorId);
        return insert(roomId, String(old["label"]), actorId);
      }),
    revoke: async (roomId, keyId, { actorId }) =>
      database.transaction(() => {
        if (!find(roomId, keyId)) return false;
        setState(keyId, "revoked", actorId);
        return true;
      }),
    revokeAll: async (roomId, { actorId }) =>
      database.transaction(() => {
        for (const row of database.all("SELECT id FROM stream_keys WHERE room_id = ? AND state <> 'revoked'", roomId)) {
          setState(String(row["id"]), "revoked", actorId);
        }
      }),
    grantsOf: async (roomId) => database.all(`${GRANTS} WHERE k.room_id = ?`, roomId).map(grantFrom),
    grantBatch: async ({ afterKeyId, limit }) =>
      database.all(`${GRANTS} WHERE k.id > ? ORDER BY k.id LIMIT ?`, afterKeyId, limit).map(grantFrom),
  };
}

const stateFrom = (row: SqlRow): StreamKey["state"] =>
  row["state"] === "active" ? "active" : row["state"] === "retired" ? "retired" : "revoked";

const keyFrom = (row: SqlRow): StreamKey => ({
  id: String(row["id"]),
  label: String(row["label"]),
  hint: String(row["hint"]),
  state: stateFrom(row),
  createdAtMs: Number(row["created_at_ms"]),
});

const grantFrom = (row: SqlRow): KeyGrant => ({
  keyHash: String(row["key_hash"]),
  changedAtMs: Number(row["changed_at_ms"]),
  grant: {
    keyId: String(row["id"]),
    label: String(row["label"]),
    room: String(row["slug"]),
    state: stateFrom(row),
    takeover: row["takeover"] === "newest" ? "newest" : "refuse",
  },
});
