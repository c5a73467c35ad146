import type { Catalogue, Leaderboard, TransferLine } from "../../protocol/gifts.ts";
import type { Database, SqlRow } from "../../storage/database.ts";
import { createAccountSums } from "./account-sums.ts";
import { createCatalogues } from "./catalogue.ts";
import { createTransfers } from "./transfers.ts";

/** Lines of a page of transfers; `nextCursor` is null at the end. */
interface Page {
  readonly transfers: TransferLine[];
  readonly nextCursor: number | null;
}

/** Where a page begins. */
interface PageStart {
  /** Number of the last transfer of the page before. */
  readonly before: number | undefined;
  readonly limit: number;
}

/** What the ledger knows, read without the writer; what was answered to a sender is already there. */
export interface LedgerReader {
  catalogue(): Pick<Catalogue, "version" | "gifts">;
  balance(userId: string): number;
  income(userId: string): number;
  /** A user's transfers, newest first; `change` is what each did to the wallet. */
  ofUser(userId: string, start: PageStart): Page;
  /** Gifts and paid messages of a room with their refunds, newest first; `change` is the whole amount. */
  ofRoom(roomId: string, start: PageStart): Page;
  /** The program in which the room's newest transfer was made. */
  latestProgram(roomId: string): string | undefined;
  /** Best givers of a room in a period; see {@link scorePeriods} for its key. */
  leaders(roomId: string, period: string, limit: number): Pick<Leaderboard, "total" | "places">;
}

const LINES = `SELECT t.*, p.name AS user_name, g.name AS to_name, r.id IS NOT NULL AS is_refunded, o.kind AS undone
  FROM transfers t LEFT JOIN people p ON p.user_id = t.user_id
  LEFT JOIN people g ON g.user_id = t.to_id
  LEFT JOIN transfers r ON r.refunds = t.id LEFT JOIN transfers o ON o.id = t.refunds`;

/** {@link LedgerReader} on a connection of its own. */
export function createLedgerReader(database: Database): LedgerReader {
  const catalogues = createCatalogues(database);
  const transfers = createTransfers(database);
  const sums = createAccountSums(database);
  const page = (where: string, owner: string, { before, limit }: PageStart, sign: Sign): Page => {
    const rows = database.all(
      `${LINES} WHERE ${where} AND t.id < ? ORDER BY t.id DESC LIMIT ?`,
      ...[owner, before ?? Number.MAX_SAFE_INTEGER, limit + 1],
    );
    const shown = rows.slice(0, limit);
    return {
      transfers: shown.map((row) => lineFrom(row, sign)),
      nextCursor: rows.length > limit ? Number(shown.at(-1)?.["id"]) : null,
    };
  };
  return {
    catalogue: () => {
      const { version, gifts } = catalogues.newest();
      return { version, gifts: [...gifts] };
    },
    balance: transfers.balance,
    income: (userId) => sums.sumOf("host", userId),
    ofUser: (userId, start) => page("t.user_id = ?", userId, start, "wallet"),
    ofRoom: (roomId, start) => page("t.room_id = ?", roomId, start, "room"),
    latestProgram(roomId) {
      const row = database.get("SELECT program_id FROM transfers WHERE room_id = ? ORDER BY id DESC LIMIT 1", roomId);
      const id = row?.["program_id"];
      return typeof id === "string" ? id : undefined;
    },
    leaders(roomId, period, limit) {
      const total = database.get(
        "SELECT coalesce(sum(value), 0) AS total FROM scores WHERE room_id = ? AND period = ?",
        ...[roomId, period],
      );
      const rows = database.all(
        `SELECT s.user_id, s.value, p.name FROM scores s LEFT JOIN people p ON p.user_id = s.user_id
         WHERE s.room_id = ? AND s.period = ? AND s.value > 0 ORDER BY s.value DESC, s.user_id LIMIT ?`,
        ...[roomId, period, limit],
      );
      return {
        total: Number(total?.["total"]),
        places: rows.map((row, at) => ({
          place: at + 1,
          user: { id: String(row["user_id"]), name: String(row["name"] ?? "") },
          value: Number(row["value"]),
        })),
      };
    },
  };
}

/** In a wallet spending is negative; in a room what comes in is positive. */
type Sign = "wallet" | "room";

function lineFrom(row: SqlRow, sign: Sign): TransferLine {
  const kind = String(row["kind"]) as TransferLine["kind"];
  const amount = Number(row["amount"]);
  const spends = (of: unknown) => of === "gift" || of === "paid";
  const isOut = spends(kind) || (kind === "refund" && !spends(row["undone"]));
  const isNegative = sign === "wallet" ? isOut : kind === "refund";
  return {
    tx: String(row["tx"]),
    kind,
    change: isNegative ? -amount : amount,
    atMs: Number(row["at_ms"]),
    room: row["room"] as string | null,
    user: { id: String(row["user_id"]), name: String(row["user_name"] ?? "") },
    to: row["to_id"] === null ? null : { id: String(row["to_id"]), name: String(row["to_name"] ?? "") },
    gift: row["gift_id"] as string | null,
    quantity: row["quantity"] as number | null,
    note: row["note"] as string | null,
    refunded: row["is_refunded"] === 1,
  };
}
