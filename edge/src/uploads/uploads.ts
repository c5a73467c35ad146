import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { mkdirSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "@lianmai/process";
import type { Database, SqlRow } from "../storage/database.ts";
import type { Examined, UploadKind } from "./examine.ts";

/** A kept upload. */
export interface StoredUpload {
  readonly id: string;
  readonly roomId: string;
  readonly ownerId: string;
  readonly kind: UploadKind;
  readonly type: string;
  readonly sizeBytes: number;
  readonly width?: number;
  readonly height?: number;
}

/** Uploads: rows in the moderation's database, bytes in a directory. */
export interface Uploads {
  /** `quota`: the owner has uploaded as much as allowed today, or the installation holds as much as it may. */
  keep(
    upload: { readonly roomId: string; readonly ownerId: string; readonly kind: UploadKind },
    content: Examined,
  ): Promise<StoredUpload | "quota">;
  /** An upload of that owner in that room that no other message shows; it then belongs to the message. */
  claim(claimed: {
    readonly id: string;
    readonly roomId: string;
    readonly ownerId: string;
    readonly kind: string;
    readonly cid: string;
  }): StoredUpload | undefined;
  /** Not withdrawn ones only. */
  find(roomId: string, id: string): StoredUpload | undefined;
  /** Withdraws (or brings back) what a message shows. */
  withdraw(roomId: string, cid: string, withdrawn: boolean): void;
  /** Withdraws everything of a person in a room. */
  withdrawAll(roomId: string, ownerId: string): void;
  /** Path and query under which the bytes are served for a while. */
  sign(id: string): string;
  /** Path of the file when the signature is ours and in time. */
  open(
    id: string,
    expires: string,
    signature: string,
  ): { readonly path: string; readonly upload: StoredUpload } | undefined;
  /** Deletes what was withdrawn long ago or never said. */
  sweep(): Promise<number>;
}

/** A signed address works for this long. */
export const LINK_LIFE_MS = 15 * 60_000;
/** What is uploaded and never said goes after this. */
const UNSAID_LIFE_MS = 3_600_000;
/** A withdrawn upload can be brought back for this long. */
const WITHDRAWN_KEPT_MS = 86_400_000;
const DAY_MS = 86_400_000;
/** One person's uploads a day. */
const MAX_PER_DAY = { count: 60, bytes: 60 * 1_024 * 1_024 } as const;
/** Everything together. */
const MAX_TOTAL_BYTES = 20 * 1_024 * 1_024 * 1_024;

/** {@link Uploads} in `directory`. */
export function createUploads(
  database: Database,
  options: { readonly clock: Clock; readonly directory: string; readonly secret: Buffer },
): Uploads {
  const { clock, directory, secret } = options;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const pathOf = (id: string) => join(directory, id);
  const macOf = (id: string, expires: string) =>
    createHmac("sha256", secret).update(`upload ${id} ${expires}`).digest().subarray(0, 16);
  const find = (roomId: string, id: string) => {
    const row = database.get(
      "SELECT * FROM uploads WHERE id = ? AND room_id = ? AND withdrawn_at_ms IS NULL",
      id,
      roomId,
    );
    return row && uploadFrom(row);
  };
  const full = (ownerId: string, bytes: number) => {
    const since = clock.wallMs() - DAY_MS;
    const today = database.get(
      "SELECT count(*) AS n, coalesce(sum(size_bytes), 0) AS b FROM uploads WHERE owner_id = ? AND at_ms > ?",
      ownerId,
      since,
    );
    const total = Number(database.get("SELECT coalesce(sum(size_bytes), 0) AS b FROM uploads")?.["b"]);
    const { count, bytes: most } = MAX_PER_DAY;
    return Number(today?.["n"]) >= count || Number(today?.["b"]) + bytes > most || total + bytes > MAX_TOTAL_BYTES;
  };
  return {
    async keep({ roomId, ownerId, kind }, { bytes, type, width, height }) {
      if (full(ownerId, bytes.length)) return "quota";
      const id = randomBytes(16).toString("base64url");
      await writeFile(pathOf(id), bytes, { mode: 0o600, flag: "wx", flush: true });
      database.run(
        "INSERT INTO uploads VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)",
        ...[id, roomId, ownerId, kind, type, bytes.length, width ?? null, height ?? null, clock.wallMs()],
      );
      return {
        id,
        roomId,
        ownerId,
        kind,
        type,
        sizeBytes: bytes.length,
        ...(width && { width }),
        ...(height && { height }),
      };
    },
    claim({ id, roomId, ownerId, kind, cid }) {
      const changed = database.run(
        `UPDATE uploads SET cid = ? WHERE id = ? AND room_id = ? AND owner_id = ? AND kind = ?
         AND (cid IS NULL OR cid = ?) AND withdrawn_at_ms IS NULL`,
        ...[cid, id, roomId, ownerId, kind, cid],
      );
      return changed > 0 ? find(roomId, id) : undefined;
    },
    find,
    withdraw(roomId, cid, withdrawn) {
      const atMs = withdrawn ? clock.wallMs() : null;
      database.run("UPDATE uploads SET withdrawn_at_ms = ? WHERE room_id = ? AND cid = ?", atMs, roomId, cid);
    },
    withdrawAll(roomId, ownerId) {
      const sql =
        "UPDATE uploads SET withdrawn_at_ms = ? WHERE room_id = ? AND owner_id = ? AND withdrawn_at_ms IS NULL";
      database.run(sql, clock.wallMs(), roomId, ownerId);
    },
    sign(id) {
      const expires = String(Math.ceil((clock.wallMs() + LINK_LIFE_MS) / 60_000) * 60_000);
      return `/api/v1/uploads/${id}?e=${expires}&s=${macOf(id, expires).toString("base64url")}`;
    },
    open(id, expires, signature) {
      const given = Buffer.from(signature, "base64url");
      const wanted = macOf(id, expires);
      if (given.length !== wanted.length || !timingSafeEqual(given, wanted) || !(Number(expires) > clock.wallMs()))
        return undefined;
      const row = database.get("SELECT * FROM uploads WHERE id = ? AND withdrawn_at_ms IS NULL", id);
      return row && { path: pathOf(id), upload: uploadFrom(row) };
    },
    async sweep() {
      const nowMs = clock.wallMs();
      const rows = database.all(
        "SELECT id FROM uploads WHERE withdrawn_at_ms < ? OR (cid IS NULL AND at_ms < ?) LIMIT 1000",
        nowMs - WITHDRAWN_KEPT_MS,
        nowMs - UNSAID_LIFE_MS,
      );
      for (const row of rows) {
        await rm(pathOf(String(row["id"])), { force: true });
        database.run("DELETE FROM uploads WHERE id = ?", String(row["id"]));
      }
      return rows.length;
    },
  };
}

function uploadFrom(row: SqlRow): StoredUpload {
  const { width, height } = row;
  return {
    id: String(row["id"]),
    roomId: String(row["room_id"]),
    ownerId: String(row["owner_id"]),
    kind: String(row["kind"]) as UploadKind,
    type: String(row["type"]),
    sizeBytes: Number(row["size_bytes"]),
    ...(typeof width === "number" && { width }),
    ...(typeof height === "number" && { height }),
  };
}
