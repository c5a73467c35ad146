import type { Database } from "../../storage/database.ts";

/** Something that does not agree: `name` is stable, `what` says where. */
export interface Difference {
  readonly name: string;
  readonly what: string;
}

/** Differences that one check lists at most. */
const MAX_LISTED = 20;
/** Gifts and paid messages that were not undone. */
const KEPT = `SELECT * FROM transfers t WHERE kind IN ('gift', 'paid')
  AND NOT EXISTS (SELECT 1 FROM transfers r WHERE r.refunds = t.id)`;

/** What must hold inside the ledger; each query lists what breaks it, in a column `what`. */
const CHECKS: readonly { readonly name: string; readonly sql: string }[] = [
  {
    name: "transfer-not-balanced",
    sql: `SELECT 'transfer ' || t.tx AS what FROM transfers t
      LEFT JOIN entries e ON e.transfer_id = t.id GROUP BY t.id HAVING count(e.amount) < 2 OR sum(e.amount) <> 0`,
  },
  {
    name: "entries-without-transfer",
    sql: `SELECT 'entries of transfer number ' || transfer_id AS what FROM entries
      WHERE transfer_id NOT IN (SELECT id FROM transfers) GROUP BY transfer_id`,
  },
  {
    name: "coins-from-nowhere",
    sql: "SELECT 'all entries sum to ' || total AS what FROM (SELECT sum(amount) AS total FROM entries) WHERE total <> 0",
  },
  {
    name: "amount-differs",
    sql: `SELECT 'transfer ' || t.tx AS what FROM transfers t JOIN entries e ON e.transfer_id = t.id
      JOIN accounts a ON a.id = e.account_id AND a.kind = 'user' AND a.owner = t.user_id
      WHERE t.amount <> abs(e.amount)`,
  },
  {
    name: "negative-balance",
    sql: "SELECT 'user ' || owner AS what FROM accounts WHERE kind = 'user' AND balance < 0",
  },
  {
    name: "balance-differs",
    sql: `SELECT 'user ' || a.owner || ' has ' || a.balance || ', entries say ' || coalesce(sum(e.amount), 0) AS what
      FROM accounts a LEFT JOIN entries e ON e.account_id = a.id WHERE a.kind = 'user'
      GROUP BY a.id HAVING a.balance <> coalesce(sum(e.amount), 0)`,
  },
  {
    name: "snapshot-differs",
    sql: `SELECT 'account ' || account_id || ' through ' || through_id AS what FROM snapshots s WHERE balance <>
      (SELECT coalesce(sum(amount), 0) FROM entries WHERE account_id = s.account_id AND transfer_id <= s.through_id)`,
  },
  {
    name: "refund-not-opposite",
    sql: `SELECT 'refund ' || r.tx AS what FROM transfers r JOIN transfers t ON t.id = r.refunds
      WHERE r.amount <> t.amount OR EXISTS (
        SELECT account_id, -amount FROM entries WHERE transfer_id = t.id
        EXCEPT SELECT account_id, amount FROM entries WHERE transfer_id = r.id)`,
  },
  {
    name: "income-differs",
    sql: `SELECT 'transfer ' || t.tx AS what FROM transfers t JOIN entries e ON e.transfer_id = t.id
      JOIN accounts a ON a.id = e.account_id AND a.kind = 'host'
      WHERE a.owner IS NOT coalesce(t.to_id, t.host_id)`,
  },
  {
    name: "combo-differs",
    sql: `SELECT 'combo ' || c.id AS what FROM combos c LEFT JOIN (${KEPT}) k ON k.combo_id = c.id
      GROUP BY c.id HAVING c.quantity <> coalesce(sum(k.quantity), 0) OR c.value <> coalesce(sum(k.amount), 0)`,
  },
  {
    name: "score-differs",
    sql: disagreement(
      "room_id || ' ' || period || ' ' || user_id || ' ' || value",
      "SELECT room_id, period, user_id, value FROM scores WHERE value <> 0",
      `SELECT room_id, period, user_id, sum(amount) AS value FROM (
        SELECT room_id, 'all' AS period, user_id, amount FROM (${KEPT})
        UNION ALL SELECT room_id, 'day ' || day, user_id, amount FROM (${KEPT})
        UNION ALL SELECT room_id, 'program ' || program_id, user_id, amount FROM (${KEPT}) WHERE program_id IS NOT NULL)
      GROUP BY room_id, period, user_id`,
    ),
  },
  {
    name: "spending-differs",
    sql: disagreement(
      "user_id || ' ' || period || ' ' || value",
      "SELECT user_id, period, value FROM spending WHERE value <> 0",
      `SELECT user_id, period, sum(amount) AS value FROM (
        SELECT user_id, 'day ' || day AS period, amount FROM (${KEPT})
        UNION ALL SELECT user_id, 'month ' || substr(day, 1, 7), amount FROM (${KEPT})) GROUP BY user_id, period`,
    ),
  },
  {
    name: "outbox-missing",
    sql: `SELECT 'transfer ' || t.tx AS what FROM transfers t
      WHERE room_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.transfer_id = t.id AND o.cid = t.tx)
        AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.transfer_id = t.refunds AND o.state = 'refused')`,
  },
  {
    name: "refused-not-refunded",
    sql: `SELECT 'transfer ' || t.tx AS what FROM outbox o JOIN transfers t ON t.id = o.transfer_id
      WHERE o.state = 'refused' AND NOT EXISTS (SELECT 1 FROM transfers r WHERE r.refunds = t.id)`,
  },
  {
    name: "outbox-differs",
    sql: `SELECT 'transfer ' || t.tx AS what FROM outbox o JOIN transfers t ON t.id = o.transfer_id
      WHERE o.room_id <> t.room_id OR json_extract(o.author, '$.id') <> t.user_id OR NOT CASE t.kind
        WHEN 'gift' THEN o.kind = 'gift' AND json_extract(o.body, '$.tx[0]') = t.tx
          AND json_extract(o.body, '$.to') = coalesce(t.to_id, t.host_id)
          AND json_extract(o.body, '$.gift') = t.gift_id AND json_extract(o.body, '$.quantity') = t.quantity
        WHEN 'paid' THEN o.kind = 'paid' AND json_extract(o.body, '$.tx') = t.tx
          AND json_extract(o.body, '$.coins') = t.amount AND json_extract(o.body, '$.text') = t.note
        ELSE o.kind = 'system' AND json_extract(o.body, '$.values.tx') = t.tx
          AND json_extract(o.body, '$.values.amount') = t.amount END`,
  },
];

/** Rows of either query that the other does not have. */
function disagreement(what: string, kept: string, counted: string): string {
  return `SELECT 'kept: ' || ${what} AS what FROM (${kept} EXCEPT ${counted})
    UNION ALL SELECT 'counted: ' || ${what} AS what FROM (${counted} EXCEPT ${kept})`;
}

/** Proves that the ledger agrees with itself: sums, balances, refunds and everything counted from transfers. */
export function checkLedger(database: Database): Difference[] {
  return CHECKS.flatMap(({ name, sql }) =>
    database.all(`SELECT what FROM (${sql}) LIMIT ${MAX_LISTED}`).map(({ what }) => ({ name, what: String(what) })),
  );
}
