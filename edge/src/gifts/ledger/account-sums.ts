import type { Database } from "../../storage/database.ts";
import type { AccountKind } from "./transfers.ts";

/** Sums of accounts that keep no balance: the last snapshot and the entries since. */
export interface AccountSums {
  sumOf(kind: AccountKind, owner: string): number;
  /** Makes snapshots of the accounts that moved, once enough transfers have come since the last ones. */
  snapshot(): void;
}

/** Transfers between snapshots: what a reader adds up at most. */
const TRANSFERS_BETWEEN = 5_000;

/** {@link AccountSums} on a database; `snapshot` needs a transaction of the caller. */
export function createAccountSums(database: Database): AccountSums {
  const sum = (accountId: number): number => {
    const last = database.get(
      "SELECT through_id, balance FROM snapshots WHERE account_id = ? ORDER BY through_id DESC LIMIT 1",
      accountId,
    );
    const since = database.get(
      "SELECT coalesce(sum(amount), 0) AS sum FROM entries WHERE account_id = ? AND transfer_id > ?",
      ...[accountId, Number(last?.["through_id"] ?? 0)],
    );
    return Number(last?.["balance"] ?? 0) + Number(since?.["sum"]);
  };
  const number = (sql: string): number => Number(database.get(sql)?.["number"] ?? 0);
  return {
    sumOf(kind, owner) {
      const account = database.get("SELECT id FROM accounts WHERE kind = ? AND owner = ?", kind, owner);
      return account ? sum(Number(account["id"])) : 0;
    },
    snapshot() {
      const last = number("SELECT max(through_id) AS number FROM snapshots");
      const through = number("SELECT max(id) AS number FROM transfers");
      if (through - last < TRANSFERS_BETWEEN) return;
      const moved = database.all(
        `SELECT DISTINCT account_id FROM entries JOIN accounts a ON a.id = account_id
         WHERE transfer_id > ? AND a.kind <> 'user'`,
        last,
      );
      for (const { account_id: account } of moved) {
        const balance = sum(Number(account));
        database.run("DELETE FROM snapshots WHERE account_id = ?", account ?? null);
        database.run("INSERT INTO snapshots VALUES (?, ?, ?)", account ?? null, through, balance);
      }
    },
  };
}
