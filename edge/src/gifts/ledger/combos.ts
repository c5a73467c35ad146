import type { Database, SqlRow } from "../../storage/database.ts";
import type { ComboState } from "./commands.ts";
import { timeOrderedId } from "./time-ordered-id.ts";

/** A combo that the ledger keeps. */
export interface Combo extends ComboState {
  readonly roomId: string;
  readonly userId: string;
  readonly giftId: string;
  /** Whom the gifts are for. */
  readonly toId: string;
  /** The last gift that joined. */
  readonly lastTx: string;
}

interface ComboGift {
  readonly roomId: string;
  readonly userId: string;
  readonly giftId: string;
  readonly toId: string;
  readonly tx: string;
  readonly quantity: number;
  readonly value: number;
  /** No gift may follow in this combo. */
  readonly final: boolean;
  readonly nowMs: number;
}

/** Combos: gifts of one kind by one user to one person in one room, each within the window of the one before. */
export interface Combos {
  /** Counts a gift; `ended` is the combo that was too old to take it. */
  add(gift: ComboGift): { readonly combo: Combo; readonly ended: Combo | undefined };
  /** Takes a refunded gift out of its totals; undefined for a combo that is not there. */
  takeOut(id: string, gift: { readonly quantity: number; readonly value: number }): Combo | undefined;
  byId(id: string): Combo | undefined;
  /** Ends an open combo; undefined when it is not open. */
  end(id: string): Combo | undefined;
  /** Ends those whose window has passed, at most `limit` of them. */
  endOld(nowMs: number, limit: number): Combo[];
}

/** {@link Combos} on a database in which the caller has begun a transaction. */
export function createCombos(database: Database, options: { readonly windowMs: number }): Combos {
  const { windowMs } = options;
  const byId = (id: string): Combo | undefined => {
    const row = database.get("SELECT * FROM combos WHERE id = ?", id);
    return row && comboFrom(row);
  };
  const end = (id: string): Combo | undefined =>
    database.run("UPDATE combos SET state = 'final' WHERE id = ? AND state = 'open'", id) > 0 ? byId(id) : undefined;
  const openOf = ({ roomId, userId, giftId, toId }: ComboGift): SqlRow | undefined =>
    database.get(
      "SELECT * FROM combos WHERE room_id = ? AND user_id = ? AND gift_id = ? AND to_id = ? AND state = 'open'",
      ...[roomId, userId, giftId, toId],
    );
  const begin = ({ roomId, userId, giftId, toId, tx, quantity, value, final, nowMs }: ComboGift): Combo => {
    const id = timeOrderedId(nowMs);
    database.run(
      "INSERT INTO combos VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)",
      ...[id, roomId, userId, giftId, toId, tx, quantity, value, nowMs, final ? "final" : "open"],
    );
    return { id, roomId, userId, giftId, toId, lastTx: tx, quantity, value, final };
  };
  const goOn = (open: Combo, { tx, quantity, value, final, nowMs }: ComboGift): Combo => {
    database.run(
      `UPDATE combos SET quantity = quantity + ?, value = value + ?, sends = sends + 1, last_tx = ?, last_at_ms = ?, state = ?
       WHERE id = ?`,
      ...[quantity, value, tx, nowMs, final ? "final" : "open", open.id],
    );
    return { ...open, lastTx: tx, final, quantity: open.quantity + quantity, value: open.value + value };
  };
  return {
    add(gift) {
      const row = openOf(gift);
      if (!row) return { combo: begin(gift), ended: undefined };
      if (gift.nowMs - Number(row["last_at_ms"]) <= windowMs) {
        return { combo: goOn(comboFrom(row), gift), ended: undefined };
      }
      const ended = end(String(row["id"]));
      return { combo: begin(gift), ended };
    },
    takeOut(id, { quantity, value }) {
      database.run("UPDATE combos SET quantity = quantity - ?, value = value - ? WHERE id = ?", quantity, value, id);
      return byId(id);
    },
    byId,
    end,
    endOld: (nowMs, limit) =>
      database
        .all(
          "SELECT id FROM combos WHERE state = 'open' AND last_at_ms < ? ORDER BY last_at_ms LIMIT ?",
          ...[nowMs - windowMs, limit],
        )
        .flatMap(({ id }) => end(String(id)) ?? []),
  };
}

const comboFrom = (row: SqlRow): Combo => ({
  id: String(row["id"]),
  roomId: String(row["room_id"]),
  userId: String(row["user_id"]),
  giftId: String(row["gift_id"]),
  toId: String(row["to_id"]),
  lastTx: String(row["last_tx"]),
  quantity: Number(row["quantity"]),
  value: Number(row["value"]),
  final: row["state"] === "final",
});
