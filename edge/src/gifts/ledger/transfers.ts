import type { Database, SqlRow } from "../../storage/database.ts";

/** Kinds of accounts; see the schema. */
export type AccountKind = "user" | "host" | "platform" | "payments" | "grants";

/** One side of a transfer: coins that come to an account, or leave it. */
export interface Leg {
  readonly kind: AccountKind;
  readonly owner: string;
  readonly amount: number;
}

/** A transfer as it is kept. */
export interface Transfer {
  readonly id: number;
  readonly tx: string;
  readonly askedBy: string;
  readonly cid: string;
  readonly content: string;
  readonly kind: "gift" | "paid" | "grant" | "top-up" | "refund";
  readonly amount: number;
  readonly atMs: number;
  readonly day: string;
  readonly userId: string;
  readonly roomId: string | null;
  readonly room: string | null;
  readonly programId: string | null;
  readonly hostId: string | null;
  /** Whom a gift was for; null for the host. */
  readonly toId: string | null;
  readonly giftId: string | null;
  readonly catalogueVersion: number | null;
  readonly quantity: number | null;
  readonly unitPrice: number | null;
  readonly comboId: string | null;
  readonly note: string | null;
  readonly refunds: number | null;
}

/** Columns in the order of an insert. */
const COLUMNS = {
  id: "id",
  tx: "tx",
  askedBy: "asked_by",
  cid: "cid",
  content: "content",
  kind: "kind",
  amount: "amount",
  atMs: "at_ms",
  day: "day",
  userId: "user_id",
  roomId: "room_id",
  room: "room",
  programId: "program_id",
  hostId: "host_id",
  toId: "to_id",
  giftId: "gift_id",
  catalogueVersion: "catalogue_version",
  quantity: "quantity",
  unitPrice: "unit_price",
  comboId: "combo_id",
  note: "note",
  refunds: "refunds",
} as const satisfies Record<keyof Transfer, string>;
const NAMES = Object.keys(COLUMNS) as (keyof Transfer)[];
const INSERT = `INSERT INTO transfers (${Object.values(COLUMNS).join(", ")}) VALUES (${NAMES.map(() => "?").join(", ")})`;

/** Accounts whose numbers are remembered. */
const MAX_ACCOUNTS = 50_000;

/** Transfers and their entries; only ever added to. */
export interface Transfers {
  /** What was asked for under this id before. */
  asked(askedBy: string, cid: string): Transfer | undefined;
  byTx(tx: string): Transfer | undefined;
  isRefunded(id: number): boolean;
  /** The number of the next transfer. */
  nextId(): number;
  /** Writes the entries, then the transfer; the database refuses entries that do not sum to zero. */
  post(transfer: Transfer, legs: readonly Leg[]): void;
  /** Writes a transfer whose entries undo those of `transfer.refunds`. */
  reverse(transfer: Transfer): void;
  /** Coins of a user; 0 for one the ledger has never seen. */
  balance(userId: string): number;
}

/**
 * {@link Transfers} on a database in which the caller has begun a transaction. It remembers numbers: after a rollback,
 * or when another process has written, a new one must be made.
 */
export function createTransfers(database: Database): Transfers {
  let lastId: number | undefined;
  const first = (where: string, ...values: readonly (string | number)[]) => {
    const row = database.get(`SELECT * FROM transfers WHERE ${where}`, ...values);
    return row && transferFrom(row);
  };
  const accounts = new Map<string, number>();
  const account = (kind: AccountKind, owner: string): number => {
    const key = `${kind} ${owner}`;
    const known = accounts.get(key) ?? findAccount(kind, owner);
    if (accounts.size >= MAX_ACCOUNTS) accounts.clear();
    accounts.set(key, known);
    return known;
  };
  const findAccount = (kind: AccountKind, owner: string): number => {
    const find = () => database.get("SELECT id FROM accounts WHERE kind = ? AND owner = ?", kind, owner)?.["id"];
    const known = find();
    if (known !== undefined) return Number(known);
    const balance = kind === "user" ? 0 : null;
    database.run("INSERT INTO accounts (kind, owner, balance) VALUES (?, ?, ?)", kind, owner, balance);
    return Number(find());
  };
  const close = (transfer: Transfer) => database.run(INSERT, ...NAMES.map((name) => transfer[name]));
  return {
    asked: (askedBy, cid) => first("asked_by = ? AND cid = ?", askedBy, cid),
    byTx: (tx) => first("tx = ?", tx),
    isRefunded: (id) => database.get("SELECT 1 AS one FROM transfers WHERE refunds = ?", id) !== undefined,
    nextId() {
      lastId ??= Number(database.get("SELECT coalesce(max(id), 0) AS last FROM transfers")?.["last"]);
      lastId += 1;
      return lastId;
    },
    post(transfer, legs) {
      for (const { kind, owner, amount } of legs) {
        if (amount !== 0)
          database.run("INSERT INTO entries VALUES (?, ?, ?)", transfer.id, account(kind, owner), amount);
      }
      close(transfer);
    },
    reverse(transfer) {
      database.run(
        "INSERT INTO entries SELECT ?, account_id, -amount FROM entries WHERE transfer_id = ?",
        transfer.id,
        transfer.refunds,
      );
      close(transfer);
    },
    balance: (userId) =>
      Number(database.get("SELECT balance FROM accounts WHERE kind = 'user' AND owner = ?", userId)?.["balance"] ?? 0),
  };
}

/** A row of `transfers` in the names of {@link Transfer}. */
export function transferFrom(row: SqlRow): Transfer {
  return Object.fromEntries(NAMES.map((name) => [name, row[COLUMNS[name]]])) as unknown as Transfer;
}
