import { randomUUID } from "node:crypto";
import type { Clock } from "@lianmai/process";
import type { User } from "../protocol/api.ts";
import type { Database, SqlRow } from "../storage/database.ts";

/** An account with what only sign-in may see. */
export interface Account extends User {
  readonly passwordHash: string;
}

/** Accounts, durable. Methods are promises so that another store can stand behind them. */
export interface Users {
  /** Adds an account. Throws UniqueViolation when the name is taken (case and width do not count). */
  add(account: { readonly name: string; readonly passwordHash: string; readonly role: User["role"] }): Promise<User>;
  byName(name: string): Promise<Account | undefined>;
  byId(id: string): Promise<Account | undefined>;
  setPassword(id: string, passwordHash: string): Promise<void>;
}

/** The form under which names are compared: NFKC, lower case, single spaces. */
export const nameKey = (name: string): string => tidyName(name).toLowerCase();

/** The form in which a name is kept: NFKC, trimmed, single spaces. */
export const tidyName = (name: string): string => name.normalize("NFKC").trim().replace(/\s+/gu, " ");

/** Letters, marks, digits, spaces and `._-`; no control or direction characters that would disguise a name. */
export const isFitName = (name: string): boolean => /^[\p{L}\p{M}\p{N}][\p{L}\p{M}\p{N} ._-]{1,39}$/u.test(name);

/** {@link Users} on SQLite. */
export function createUsers(database: Database, options: { readonly clock: Clock }): Users {
  const { clock } = options;
  const find = (sql: string, value: string) => {
    const row = database.get(sql, value);
    return row && accountFrom(row);
  };
  return {
    async add({ name, passwordHash, role }) {
      const user: User = { id: randomUUID(), name: tidyName(name), role, createdAtMs: clock.wallMs() };
      database.run(
        "INSERT INTO users (id, name, name_key, password_hash, role, created_at_ms) VALUES (?, ?, ?, ?, ?, ?)",
        user.id,
        user.name,
        nameKey(name),
        passwordHash,
        role,
        user.createdAtMs,
      );
      return user;
    },
    byName: async (name) => find("SELECT * FROM users WHERE name_key = ?", nameKey(name)),
    byId: async (id) => find("SELECT * FROM users WHERE id = ?", id),
    async setPassword(id, passwordHash) {
      database.run("UPDATE users SET password_hash = ? WHERE id = ?", passwordHash, id);
    },
  };
}

const accountFrom = (row: SqlRow): Account => ({
  id: String(row["id"]),
  name: String(row["name"]),
  role: row["role"] === "admin" ? "admin" : "user",
  createdAtMs: Number(row["created_at_ms"]),
  passwordHash: String(row["password_hash"]),
});
