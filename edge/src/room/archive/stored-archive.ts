import type { Entry, ModerationAct, Position } from "../../protocol/room/entry.ts";
import type { Database, SqlRow, SqlValue } from "../../storage/database.ts";
import { migrate, readMigrations } from "../../storage/migrate.ts";
import type { StoredEntry } from "../log/doorbell.ts";
import { withdraws } from "../log/state-changes.ts";
import type { ArchivedEntry, ArchiveOperations, Selection } from "./archive.ts";
import { queryOf, wordsOf } from "./split-words.ts";

const INSERT = `INSERT INTO entries (room_id, gen, seq, cid, kind, user_id, at_ms, media_ms, json)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id`;

/** Entries of a room forgotten in one transaction: a commit of new ones waits no longer than this takes. */
const MAX_EXPIRED = 500;
/** The newest stays: it says how far the archive has come. */
const EXPIRED = `SELECT id FROM entries WHERE room_id = ? AND at_ms < ? AND id <>
  (SELECT id FROM entries WHERE room_id = ? ORDER BY gen DESC, seq DESC LIMIT 1) LIMIT ?`;

/** The archive on one SQLite file; every call is one transaction. Runs on a thread of its own. */
export function openArchive(database: Database): ArchiveOperations {
  migrate(database, { migrations: readMigrations(new URL("./migrations/", import.meta.url)) });
  const lastOf = (roomId: string, gen: number): number | undefined => {
    const row = database.get("SELECT last FROM generations WHERE room_id = ? AND gen = ?", roomId, gen);
    return row && Number(row["last"]);
  };
  const endOf = (roomId: string, gen: number) => ({ gen, last: lastOf(roomId, gen) ?? 0 });
  /** The newest generation that was begun; releases before did not write that down. */
  const lastBegun = (roomId: string): number => {
    const sql = `SELECT max((SELECT coalesce(max(gen), 0) FROM begun WHERE room_id = ?),
      (SELECT coalesce(max(gen), -1) + 1 FROM generations WHERE room_id = ?)) AS gen`;
    return Number(database.get(sql, roomId, roomId)?.["gen"]);
  };
  const newestOf = (roomId: string): Position => {
    const row = database.get(
      "SELECT gen, seq FROM entries WHERE room_id = ? ORDER BY gen DESC, seq DESC LIMIT 1",
      roomId,
    );
    return row ? { gen: Number(row["gen"]), seq: Number(row["seq"]) } : { gen: 0, seq: 0 };
  };
  const add = (roomId: string, entry: StoredEntry) => {
    const { gen, seq, atMs, json } = entry;
    const { cid, kind, from, mediaMs, body } = JSON.parse(json) as Entry;
    const row = database.get(INSERT, roomId, gen, seq, cid, kind, from.id, atMs, mediaMs ?? null, json);
    if (!row) return;
    const text = textOf(kind, body);
    if (text !== "") database.run("INSERT INTO words (rowid, text) VALUES (?, ?)", Number(row["id"]), wordsOf(text));
    const act = withdraws(kind, body);
    if (act) withdraw(roomId, { gen, seq }, act, cid);
  };
  const addUnlessCut = (roomId: string, entry: StoredEntry) => {
    const last = lastOf(roomId, entry.gen);
    if (last === undefined || entry.seq <= last) add(roomId, entry);
  };
  const withdraw = (roomId: string, at: Position, act: ModerationAct, by: string) => {
    if (act.act === "purge") {
      database.run(
        `UPDATE entries SET gone_by = ? WHERE room_id = ? AND user_id = ? AND gone_by IS NULL AND (gen, seq) < (?, ?)
         AND kind NOT IN ('act', 'mode', 'gift', 'stage', 'system')`,
        ...[by, roomId, act.user, at.gen, at.seq],
      );
    } else if (act.act === "delete") {
      database.run("UPDATE entries SET gone_by = ? WHERE room_id = ? AND cid = ?", by, roomId, act.cid);
    } else if (act.act === "restore") {
      database.run("UPDATE entries SET gone_by = NULL WHERE room_id = ? AND cid = ?", roomId, act.cid);
    }
  };
  const select = (roomId: string, at: Position, limit: number, selection: Selection, way: "before" | "after") => {
    const { text, values } = conditionsOf(selection);
    const [sign, order] = way === "before" ? ["<", "DESC"] : [">", "ASC"];
    const sql = `SELECT gen, seq, at_ms, json, gone_by FROM entries WHERE room_id = ? AND (gen, seq) ${sign} (?, ?)${text}
      ORDER BY gen ${order}, seq ${order} LIMIT ?`;
    return database.all(sql, roomId, at.gen, at.seq, ...values, limit).map(entryFrom);
  };
  return {
    write: (rooms) =>
      database.transaction(() =>
        rooms.map(({ roomId, entries }) => {
          for (const entry of entries) addUnlessCut(roomId, entry);
          return newestOf(roomId);
        }),
      ),
    close: (roomId, gen, last, loss) =>
      database.transaction(() => {
        const begun = database.get("SELECT gen FROM begun WHERE room_id = ? AND loss = ?", roomId, loss);
        if (begun) return endOf(roomId, Number(begun["gen"]) - 1);
        const newest = newestOf(roomId);
        // what Redis has kept may be older than what is on disk, and than what was begun
        const ended = Math.max(gen, newest.gen, lastBegun(roomId));
        const at = Math.max(ended === gen ? last : 0, ended === newest.gen ? newest.seq : 0);
        if (ended > 0)
          database.run("INSERT INTO generations VALUES (?, ?, ?) ON CONFLICT DO NOTHING", roomId, ended, at);
        database.run("INSERT INTO begun VALUES (?, ?, ?)", roomId, ended + 1, loss);
        return endOf(roomId, ended);
      }),
    newest: newestOf,
    recent: (roomId, { sinceMs, limit }) =>
      database
        .all(
          `SELECT cid, user_id, gen, seq, at_ms FROM entries WHERE room_id = ? AND at_ms >= ?
           ORDER BY gen DESC, seq DESC LIMIT ?`,
          roomId,
          sinceMs,
          limit,
        )
        .map((row) => ({
          cid: String(row["cid"]),
          user: String(row["user_id"]),
          at: { gen: Number(row["gen"]), seq: Number(row["seq"]) },
          atMs: Number(row["at_ms"]),
        })),
    range: (roomId, { gen, from, to, limit }) =>
      database
        .all(
          `SELECT gen, seq, at_ms, json, gone_by FROM entries
           WHERE room_id = ? AND gen = ? AND seq BETWEEN ? AND ? ORDER BY seq LIMIT ?`,
          ...[roomId, gen, from, to, limit],
        )
        .map(entryFrom),
    cuts: (roomId, gen) =>
      database
        .all("SELECT gen, last FROM generations WHERE room_id = ? AND gen >= ? ORDER BY gen", roomId, gen)
        .map((row) => ({ gen: Number(row["gen"]), last: Number(row["last"]) })),
    find(roomId, cid) {
      const row = database.get(
        "SELECT gen, seq, at_ms, json, gone_by FROM entries WHERE room_id = ? AND cid = ? ORDER BY gen, seq LIMIT 1",
        roomId,
        cid,
      );
      return row && entryFrom(row);
    },
    before: (roomId, at, { limit, selection = {} }) => select(roomId, at, limit, selection, "before"),
    after: (roomId, at, { limit, selection = {} }) => select(roomId, at, limit, selection, "after"),
    expire: (limits) =>
      database.transaction(() => {
        let forgotten = 0;
        for (const { roomId, beforeMs } of limits) {
          const ids = database.all(EXPIRED, roomId, beforeMs, roomId, MAX_EXPIRED).map((row) => Number(row["id"]));
          for (const id of ids) {
            database.run("DELETE FROM words WHERE rowid = ?", id);
            database.run("DELETE FROM entries WHERE id = ?", id);
          }
          forgotten += ids.length;
        }
        return forgotten;
      }),
  };
}

function conditionsOf(selection: Selection): { readonly text: string; readonly values: readonly SqlValue[] } {
  const { words, userId, kinds, sinceMs, untilMs } = selection;
  const query = words === undefined ? "" : queryOf(words);
  const parts: [string, readonly SqlValue[]][] = [];
  if (words !== undefined) {
    // nothing that is a word was asked for: nothing is found
    if (query === "") parts.push(["0", []]);
    else parts.push(["id IN (SELECT rowid FROM words WHERE words MATCH ?)", [query]]);
  }
  if (userId !== undefined) parts.push(["user_id = ?", [userId]]);
  if (kinds) parts.push([`kind IN (${kinds.map(() => "?").join(", ")})`, kinds]);
  if (sinceMs !== undefined) parts.push(["at_ms >= ?", [sinceMs]]);
  if (untilMs !== undefined) parts.push(["at_ms < ?", [untilMs]]);
  return { text: parts.map(([text]) => ` AND ${text}`).join(""), values: parts.flatMap(([, values]) => values) };
}

/** What of an entry can be searched. */
function textOf(kind: Entry["kind"], body: Entry["body"]): string {
  const { text, name, alt } = body as { readonly text?: string; readonly name?: string; readonly alt?: string };
  return kind === "act" ? "" : [text, name, alt].filter((part) => part !== undefined).join(" ");
}

const entryFrom = (row: SqlRow): ArchivedEntry => ({
  gen: Number(row["gen"]),
  seq: Number(row["seq"]),
  atMs: Number(row["at_ms"]),
  json: String(row["json"]),
  ...(row["gone_by"] !== null && { goneBy: String(row["gone_by"]) }),
});
