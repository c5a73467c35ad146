import { randomUUID } from "node:crypto";
import type { Clock } from "@lianmai/process";
import type { WordRequest } from "../../protocol/moderation.ts";
import type { Database, SqlRow } from "../../storage/database.ts";
import type { FilterAction, FilterList, FilterRule } from "../filter/rules.ts";

/** Room id of the site's own list. */
export const SITE = "";
/** A list may hold this many words, and as many allowances. */
export const MAX_WORDS = 2_000;

/** Word lists of rooms and of the site, durable. */
export interface WordLists {
  list(roomId: string): FilterList;
  /** Undefined when the list is full. */
  add(roomId: string, request: WordRequest, byId: string): FilterRule | undefined;
  /** The rule that was removed, undefined when there was none. */
  remove(roomId: string, id: string): FilterRule | undefined;
  /** False when the list is full. */
  allow(roomId: string, text: string, byId: string): boolean;
  disallow(roomId: string, text: string): boolean;
  /** Changes when any list may have changed, also by another process. */
  version(): number;
}

/** {@link WordLists} on SQLite. */
export function createWordLists(database: Database, options: { readonly clock: Clock }): WordLists {
  const { clock } = options;
  const size = (table: "word_rules" | "word_allowances", roomId: string) =>
    Number(database.get(`SELECT count(*) AS n FROM ${table} WHERE room_id = ?`, roomId)?.["n"]);
  return {
    list: (roomId) => ({
      rules: database.all("SELECT * FROM word_rules WHERE room_id = ? ORDER BY at_ms, id", roomId).map(ruleFrom),
      allow: database
        .all("SELECT text FROM word_allowances WHERE room_id = ? ORDER BY at_ms, text", roomId)
        .map((row) => String(row["text"])),
    }),
    add(roomId, { word, action, ...rest }, byId) {
      if (size("word_rules", roomId) >= MAX_WORDS) return undefined;
      const id = randomUUID();
      const row = [id, roomId, word, action, JSON.stringify(rest), byId, clock.wallMs()] as const;
      database.run("INSERT INTO word_rules VALUES (?, ?, ?, ?, ?, ?, ?)", ...row);
      return { id, word, action, ...rest };
    },
    remove(roomId, id) {
      const row = database.get("SELECT * FROM word_rules WHERE id = ? AND room_id = ?", id, roomId);
      if (!row) return undefined;
      database.run("DELETE FROM word_rules WHERE id = ?", id);
      return ruleFrom(row);
    },
    allow(roomId, text, byId) {
      if (size("word_allowances", roomId) >= MAX_WORDS) return false;
      database.run("INSERT OR IGNORE INTO word_allowances VALUES (?, ?, ?, ?)", roomId, text, byId, clock.wallMs());
      return true;
    },
    disallow: (roomId, text) =>
      database.run("DELETE FROM word_allowances WHERE room_id = ? AND text = ?", roomId, text) > 0,
    version() {
      // data_version counts other connections' commits, total_changes our own
      const others = Number(database.get("PRAGMA data_version")?.["data_version"]);
      return others * 1e9 + Number(database.get("SELECT total_changes() AS n")?.["n"]);
    },
  };
}

const ruleFrom = (row: SqlRow): FilterRule => ({
  ...(JSON.parse(String(row["options"])) as Omit<FilterRule, "id" | "word" | "action">),
  id: String(row["id"]),
  word: String(row["word"]),
  action: String(row["action"]) as FilterAction,
});
