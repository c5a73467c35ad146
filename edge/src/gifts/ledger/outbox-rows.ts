import type { BodyOf } from "../../protocol/room/entry.ts";
import type { Author } from "../../protocol/room/people.ts";
import type { Database, SqlRow } from "../../storage/database.ts";
import type { OutboxMark } from "./commands.ts";

/** Kinds of entries that the ledger writes. `system`: a refund. */
export type LedgerEntryKind = "gift" | "paid" | "system";
/** An entry's kind with its body. */
export type LedgerEntry = {
  readonly [K in LedgerEntryKind]: { readonly kind: K; readonly body: BodyOf<K> };
}[LedgerEntryKind];

/** What the log of a room must get. */
export type OutboxRow = LedgerEntry & {
  readonly id: number;
  /** Id of the entry in the log. */
  readonly cid: string;
  readonly roomId: string;
  readonly author: Author;
  readonly mediaMs: number | null;
  readonly atMs: number;
};

/** A row to add. */
export type NewOutboxRow = LedgerEntry &
  Pick<OutboxRow, "cid" | "roomId" | "author" | "mediaMs" | "atMs"> & { readonly transferId: number | null };

/** The outbox: rows are added with what they tell, in one transaction. */
export interface Outbox {
  add(row: NewOutboxRow): void;
  /** Rows not yet delivered, in order, after a row's number. */
  waiting(options: { readonly afterId: number; readonly limit: number }): OutboxRow[];
  mark(mark: OutboxMark): void;
  /** Whether the log refused what a transfer had to tell. */
  isRefused(transferId: number): boolean;
  /** The transfer that a row tells of. */
  txOf(id: number): string | undefined;
  /** How many wait, and since when the oldest. */
  backlog(): { readonly rows: number; readonly oldestAtMs: number | undefined };
}

/** {@link Outbox} on a database. */
export function createOutbox(database: Database): Outbox {
  return {
    add({ cid, transferId, roomId, author, kind, body, mediaMs, atMs }) {
      database.run(
        `INSERT INTO outbox (cid, transfer_id, room_id, author, kind, body, media_ms, at_ms, state)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'waiting')`,
        ...[cid, transferId, roomId, JSON.stringify(author), kind, JSON.stringify(body), mediaMs, atMs],
      );
    },
    waiting: ({ afterId, limit }) =>
      database
        .all("SELECT * FROM outbox WHERE state = 'waiting' AND id > ? ORDER BY id LIMIT ?", afterId, limit)
        .map(rowFrom),
    mark(mark) {
      const [gen, seq] = mark.state === "delivered" ? [mark.gen, mark.seq] : [null, null];
      database.run(
        "UPDATE outbox SET state = ?, gen = ?, seq = ? WHERE id = ? AND state = 'waiting'",
        ...[mark.state, gen, seq, mark.id],
      );
    },
    isRefused: (transferId) =>
      database.get("SELECT 1 AS one FROM outbox WHERE transfer_id = ? AND state = 'refused'", transferId) !== undefined,
    txOf(id) {
      const row = database.get("SELECT tx FROM transfers t JOIN outbox o ON o.transfer_id = t.id WHERE o.id = ?", id);
      return row && String(row["tx"]);
    },
    backlog() {
      const row = database.get("SELECT count(*) AS rows, min(at_ms) AS oldest FROM outbox WHERE state = 'waiting'");
      const oldest = row?.["oldest"];
      return { rows: Number(row?.["rows"]), oldestAtMs: typeof oldest === "number" ? oldest : undefined };
    },
  };
}

/** A row of `outbox` in the names of {@link OutboxRow}. */
const rowFrom = (row: SqlRow): OutboxRow =>
  ({
    id: Number(row["id"]),
    cid: String(row["cid"]),
    roomId: String(row["room_id"]),
    author: JSON.parse(String(row["author"])),
    kind: row["kind"],
    body: JSON.parse(String(row["body"])),
    mediaMs: row["media_ms"],
    atMs: Number(row["at_ms"]),
  }) as OutboxRow;
