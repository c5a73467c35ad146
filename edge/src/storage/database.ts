/** The only importer of node:sqlite. */
import { DatabaseSync, type SQLInputValue } from "node:sqlite";

/** Value of a column or parameter. */
export type SqlValue = string | number | null;
/** A row by column name; values as SQLite holds them. */
export type SqlRow = Readonly<Record<string, SqlValue>>;

/** The narrow view of a database that repositories use; statements are prepared once. */
export interface Database {
  /** First row or undefined. */
  get(sql: string, ...values: readonly SqlValue[]): SqlRow | undefined;
  all(sql: string, ...values: readonly SqlValue[]): readonly SqlRow[];
  /** Runs a change; answers how many rows it touched. Throws {@link UniqueViolation}. */
  run(sql: string, ...values: readonly SqlValue[]): number;
  /** Runs several statements of trusted text, without parameters. */
  script(sql: string): void;
  /** Runs `work` in one transaction; it commits when `work` returns and rolls back when it throws. */
  transaction<Result>(work: () => Result): Result;
  /** False when the file cannot be written (read-only, gone, broken); never waits. */
  writable(): boolean;
  close(): void;
}

/** A change would break a unique index; nothing was written. */
export class UniqueViolation extends Error {
  override readonly name = "UniqueViolation";
}

/** How long a statement waits for another process's write lock. */
const BUSY_TIMEOUT_MS = 2_000;
const SQLITE_BUSY = 5;
const SQLITE_CONSTRAINT_UNIQUE = 2067;
const SQLITE_CONSTRAINT_PRIMARYKEY = 1555;

/** Opens (or makes) a database file: WAL, `synchronous=FULL`, foreign keys on. */
export function openDatabase(path: string): Database {
  const sqlite = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true });
  sqlite.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
  const statements = new Map<string, ReturnType<DatabaseSync["prepare"]>>();
  const prepare = (sql: string) => {
    let statement = statements.get(sql);
    if (!statement) {
      statement = sqlite.prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  };
  const inTransaction = <Result>(begin: string, end: string, work: () => Result): Result => {
    sqlite.exec(begin);
    try {
      const result = work();
      sqlite.exec(end);
      return result;
    } catch (error) {
      if (sqlite.isTransaction) sqlite.exec("ROLLBACK");
      throw error;
    }
  };
  return {
    get: (sql, ...values) => prepare(sql).get(...(values as SQLInputValue[])) as SqlRow | undefined,
    all: (sql, ...values) => prepare(sql).all(...(values as SQLInputValue[])) as SqlRow[],
    run(sql, ...values) {
      try {
        return Number(prepare(sql).run(...(values as SQLInputValue[])).changes);
      } catch (error) {
        throw isUniqueViolation(error) ? new UniqueViolation("already there", { cause: error }) : error;
      }
    },
    script: (sql) => sqlite.exec(sql),
    transaction: (work) => inTransaction("BEGIN IMMEDIATE", "COMMIT", work),
    writable() {
      if (!sqlite.isOpen) return false;
      // a probe must not hold up the event loop while another process writes
      sqlite.exec("PRAGMA busy_timeout = 0");
      try {
        sqlite.exec("BEGIN IMMEDIATE; ROLLBACK");
        return true;
      } catch (error) {
        return error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY;
      } finally {
        sqlite.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
      }
    },
    close() {
      statements.clear();
      if (sqlite.isOpen) sqlite.close();
    },
  };
}

function isUniqueViolation(error: unknown): boolean {
  const code = error instanceof Error && "errcode" in error ? error.errcode : undefined;
  return code === SQLITE_CONSTRAINT_UNIQUE || code === SQLITE_CONSTRAINT_PRIMARYKEY;
}
