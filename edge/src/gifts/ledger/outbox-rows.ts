import type { GiftEvent } from "../../protocol/gifts.ts";
import type { Database, SqlRow } from "../../storage/database.ts";
import type { OutboxMark } from "./commands.ts";

/** What the log of a room must get. */
export interface OutboxRow {
  readonly id: number;
  /** Id of the entry in the log. */
  readonly cid: string;
  readonly room: string;
  readonly userId: string;
  readonly kind: "gift" | "paid" | "refund" | "combo";
  readonly body: GiftEvent;
  readonly atMs: number;
}

/** A row to add. */
export type NewOutboxRow = Omit<OutboxRow, "id"> & { readonly transferId: number | null };

/** The outbox: rows are added with what they tell, in one transaction. */
export interface Outbox {
  add(row: NewOutboxRow): void;
  /** Rows not yet delivered, in order, after a row's number. */
  waiting(options: { readonly afterId: number; readonly limit: number }): OutboxRow[];
  mark(mark: OutboxMark): void;
  /** How many wait, and since when the oldest. */
  backlog(): { readonly rows: number; readonly oldestAtMs: number | undefined };
}

/** {@link Outbox} on a database. */
export function createOutbox(database: Database): Outbox {
  return {
    add({ cid, transferId, room, userId, kind, body, atMs }) {
      database.run(
        `INSERT INTO outbox (cid, transfer_id, room, user_id, kind, body, at_ms, state)
         VALUES (?, ?, ?, ?, ?, ?, ?, 'waiting')`,
        ...[cid, transferId, room, userId, kind, JSON.stringify(body), atMs],
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
    backlog() {
      const row = database.get("SELECT count(*) AS rows, min(at_ms) AS oldest FROM outbox WHERE state = 'waiting'");
      const oldest = row?.["oldest"];
      return { rows: Number(row?.["rows"]), oldestAtMs: typeof oldest === "number" ? oldest : undefined };
    },
  };
}

const rowFrom = (row: SqlRow): OutboxRow => ({
  id: Number(row["id"]),
  cid: String(row["cid"]),
  room: String(row["room"]),
  userId: String(row["user_id"]),
  kind: String(row["kind"]) as OutboxRow["kind"],
  body: JSON.parse(String(row["body"])) as GiftEvent,
  atMs: Number(row["at_ms"]),
});
