import type { Clock } from "@lianmai/process";
import { type Database, openDatabase, type SqlRow } from "../../storage/database.ts";
import { type AuditEntry, type AuditFact, type Breach, canonical, findBreach, GENESIS, hashOf } from "./chain.ts";

/** The record of everything done with power over others: only ever added to, each entry bound to the one before. */
export interface AuditLog {
  /** Writes a fact to disk (fsync) before it returns; callers record first and act then. */
  record(fact: Omit<AuditFact, "atMs">): AuditEntry;
  /** Newest first; `before` is an id. */
  list(query: {
    readonly roomId?: string;
    readonly subjectId?: string;
    readonly actorId?: string;
    readonly before?: number;
    readonly limit: number;
  }): readonly AuditEntry[];
  byId(id: number): AuditEntry | undefined;
  /** Goes through the whole chain; `anchor` is a head noted earlier that must still be in it. */
  verify(anchor?: { readonly id: number; readonly hash: string }): {
    readonly breach: Breach | undefined;
    readonly head: { readonly id: number; readonly hash: string };
  };
  close(): void;
}

const SCHEMA = `
CREATE TABLE IF NOT EXISTS audit (
  id INTEGER PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  actor_id TEXT NOT NULL,
  actor_name TEXT NOT NULL,
  actor_role TEXT NOT NULL,
  act TEXT NOT NULL,
  room_id TEXT NOT NULL,
  subject_id TEXT NOT NULL,
  subject_name TEXT NOT NULL,
  reason TEXT NOT NULL,
  note TEXT NOT NULL,
  detail TEXT NOT NULL,
  previous TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS audit_by_room ON audit (room_id, id);
CREATE INDEX IF NOT EXISTS audit_by_subject ON audit (subject_id, id);
CREATE TRIGGER IF NOT EXISTS audit_stays BEFORE UPDATE ON audit BEGIN SELECT raise(ABORT, 'audit is only added to'); END;
CREATE TRIGGER IF NOT EXISTS audit_kept BEFORE DELETE ON audit BEGIN SELECT raise(ABORT, 'audit is only added to'); END;
`;

/** Name of the file in the data directory. */
export const AUDIT_FILE = "audit.sqlite";
/** Entries read at once when the chain is verified. */
const VERIFY_PAGE = 1_000;

/** Opens (or makes) the audit file. Several processes may write to it: each entry is chained under the write lock. */
export function openAuditLog(path: string, options: { readonly clock: Clock }): AuditLog {
  const { clock } = options;
  const database = openDatabase(path);
  database.script(SCHEMA);
  return {
    record: (fact) => database.transaction(() => append(database, { ...fact, atMs: clock.wallMs() })),
    list({ roomId = null, subjectId = null, actorId = null, before = Number.MAX_SAFE_INTEGER, limit }) {
      return database
        .all(
          `SELECT * FROM audit WHERE id < ?1 AND (?2 IS NULL OR room_id = ?2) AND (?3 IS NULL OR subject_id = ?3)
           AND (?4 IS NULL OR actor_id = ?4) ORDER BY id DESC LIMIT ?5`,
          before,
          roomId,
          subjectId,
          actorId,
          limit,
        )
        .map(entryFrom);
    },
    byId(id) {
      const row = database.get("SELECT * FROM audit WHERE id = ?", id);
      return row && entryFrom(row);
    },
    verify: (anchor) => findBreach(allEntries(database), anchor),
    close: () => database.close(),
  };
}

function append(database: Database, fact: AuditFact): AuditEntry {
  const last = database.get("SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1");
  const chained = { ...fact, id: Number(last?.["id"] ?? 0) + 1, previous: String(last?.["hash"] ?? GENESIS) };
  const entry = { ...chained, hash: hashOf(chained) };
  const { actor, subject } = entry;
  database.run(
    "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    ...[entry.id, entry.atMs, actor.id, actor.name, actor.role, entry.act, entry.roomId, subject.id, subject.name],
    ...[entry.reason, entry.note, canonical(entry.detail), entry.previous, entry.hash],
  );
  return entry;
}

function* allEntries(database: Database): Generator<AuditEntry> {
  let after = Number.MIN_SAFE_INTEGER;
  for (;;) {
    const rows = database.all("SELECT * FROM audit WHERE id > ? ORDER BY id LIMIT ?", after, VERIFY_PAGE);
    for (const row of rows) yield entryFrom(row);
    if (rows.length < VERIFY_PAGE) return;
    after = Number(rows.at(-1)?.["id"]);
  }
}

function entryFrom(row: SqlRow): AuditEntry {
  const text = (column: string) => String(row[column]);
  return {
    id: Number(row["id"]),
    atMs: Number(row["at_ms"]),
    actor: { id: text("actor_id"), name: text("actor_name"), role: text("actor_role") },
    act: text("act"),
    roomId: text("room_id"),
    subject: { id: text("subject_id"), name: text("subject_name") },
    reason: text("reason"),
    note: text("note"),
    detail: readDetail(text("detail")),
    previous: text("previous"),
    hash: text("hash"),
  };
}

/** A detail that somebody has broken must fail verification, not reading. */
function readDetail(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return { unreadable: text };
  }
}
