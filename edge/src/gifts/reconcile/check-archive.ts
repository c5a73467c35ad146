import type { Database } from "../../storage/database.ts";
import type { Difference } from "./check-ledger.ts";

/** A row that waits longer than this has been forgotten by somebody. */
const MAX_WAIT_MS = 60_000;
const MAX_LISTED = 20;

/** Entries of the archive that only the ledger writes. */
const LEDGER_ENTRIES = `SELECT room_id, gen, seq, cid, json FROM archive.entries
  WHERE kind IN ('gift', 'paid') OR (kind = 'system' AND json_extract(json, '$.body.code') = 'gift-refunded')`;
/** What a room's retention has taken is no difference: rows from before the room's oldest kept entry. */
const OLDEST = "SELECT min(at_ms) FROM archive.entries WHERE room_id = o.room_id";

const CHECKS: readonly { readonly name: string; readonly sql: string }[] = [
  {
    name: "log-missing",
    sql: `SELECT 'outbox ' || o.cid || ' is not at ' || o.gen || '-' || o.seq AS what FROM main.outbox o
      LEFT JOIN archive.entries e
        ON e.room_id = o.room_id AND e.gen = o.gen AND e.seq = o.seq AND e.cid = o.cid
      WHERE o.state = 'delivered' AND e.id IS NULL AND o.at_ms >= coalesce((${OLDEST}), 0)`,
  },
  {
    name: "log-twice",
    sql: `SELECT 'entry ' || cid || ' of room ' || room_id || ' is there ' || count(*) || ' times' AS what
      FROM (${LEDGER_ENTRIES}) GROUP BY room_id, cid HAVING count(*) > 1`,
  },
  {
    name: "log-unknown",
    sql: `SELECT 'entry ' || e.cid || ' at ' || e.gen || '-' || e.seq AS what FROM (${LEDGER_ENTRIES}) e
      LEFT JOIN main.outbox o ON o.cid = e.cid AND o.room_id = e.room_id WHERE o.id IS NULL`,
  },
  {
    name: "log-refused",
    sql: `SELECT 'entry ' || e.cid || ' was refused' AS what FROM (${LEDGER_ENTRIES}) e
      JOIN main.outbox o ON o.cid = e.cid WHERE o.state = 'refused'`,
  },
  {
    name: "log-differs",
    sql: `SELECT 'entry ' || e.cid AS what FROM (${LEDGER_ENTRIES}) e JOIN main.outbox o ON o.cid = e.cid
      WHERE json_extract(e.json, '$.body') <> json(o.body)
        OR json_extract(e.json, '$.from.id') <> json_extract(o.author, '$.id')`,
  },
];

/** Proves that the archive of the rooms' logs holds what the ledger told, each once, as told, and nothing else. */
export function checkArchive(
  ledger: Database,
  options: { readonly archivePath: string; readonly nowMs: number },
): Difference[] {
  ledger.run("ATTACH DATABASE ? AS archive", options.archivePath);
  try {
    const late = ledger
      .all(
        "SELECT cid FROM main.outbox WHERE state = 'waiting' AND at_ms < ? ORDER BY id LIMIT ?",
        ...[options.nowMs - MAX_WAIT_MS, MAX_LISTED],
      )
      .map(({ cid }) => ({ name: "not-delivered", what: `outbox ${cid} waits` }));
    const found = CHECKS.flatMap(({ name, sql }) =>
      ledger.all(`SELECT what FROM (${sql}) LIMIT ${MAX_LISTED}`).map(({ what }) => ({ name, what: String(what) })),
    );
    return [...late, ...found];
  } finally {
    ledger.script("DETACH DATABASE archive");
  }
}
