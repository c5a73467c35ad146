import { randomInt } from "node:crypto";
import { UniqueViolation } from "../storage/database.ts";
import type { Passwords } from "./passwords.ts";
import type { Sessions } from "./sessions.ts";
import type { Users } from "./users.ts";

/** Name of the account that exists from the first start. */
export const FIRST_ACCOUNT = "admin";

/** Letters and digits that are not mistaken for one another. */
const READABLE = "abcdefghijkmnpqrstuvwxyz23456789";

/** Four groups of five readable characters: about 100 random bits. */
export function generatePassword(): string {
  const group = () => Array.from({ length: 5 }, () => READABLE[randomInt(READABLE.length)]).join("");
  return [group(), group(), group(), group()].join("-");
}

/**
 * Makes the account `admin` when there is none; a set `wanted` password always wins over the stored one
 * (and a change of it ends the account's sessions).
 * Answers the password when one was generated, to be shown once.
 */
export async function ensureFirstAccount(
  parts: { readonly users: Users; readonly sessions: Sessions; readonly passwords: Passwords },
  options: { readonly wanted: string },
): Promise<string | undefined> {
  const { users, sessions, passwords } = parts;
  const { wanted } = options;
  const account = await users.byName(FIRST_ACCOUNT);
  if (account) {
    if (wanted && !(await passwords.verify(account.passwordHash, wanted))) {
      await users.setPassword(account.id, await passwords.hash(wanted));
      await sessions.endOthers(account.id, { keepId: "" });
    }
    return undefined;
  }
  const password = wanted || generatePassword();
  try {
    await users.add({ name: FIRST_ACCOUNT, passwordHash: await passwords.hash(password), role: "admin" });
  } catch (error) {
    // another edge process of this installation was faster
    if (error instanceof UniqueViolation) return undefined;
    throw error;
  }
  return wanted ? undefined : password;
}
