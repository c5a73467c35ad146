import type { Clock } from "@lianmai/process";
import { ProblemError } from "../errors.ts";
import type { Session, User } from "../protocol/api.ts";
import { UniqueViolation } from "../storage/database.ts";
import { createLockOut } from "./lock-out.ts";
import { type Passwords, PasswordsBusy } from "./passwords.ts";
import type { Sessions, SignedIn } from "./sessions.ts";
import { isFitName, nameKey, tidyName, type Users } from "./users.ts";

/** Where a sign-in comes from. */
export interface Client {
  readonly address: string;
  readonly userAgent: string;
}

/** Sign-up, sign-in and password change; every refusal is a ProblemError. */
export interface SignIn {
  signUp(credentials: { readonly name: string; readonly password: string }, client: Client): Promise<Session>;
  signIn(credentials: { readonly name: string; readonly password: string }, client: Client): Promise<Session>;
  /** Changes the password and ends the user's other sessions. */
  changePassword(
    signedIn: SignedIn,
    passwords: { readonly currentPassword: string; readonly newPassword: string },
  ): Promise<void>;
}

/** Makes {@link SignIn}; `onFailure` counts refused sign-ins. */
export function createSignIn(parts: {
  readonly users: Users;
  readonly sessions: Sessions;
  readonly passwords: Passwords;
  readonly clock: Clock;
  /** Whether the words of a name may be said here. */
  readonly isFitName?: (name: string) => boolean;
  readonly onFailure?: () => void;
}): SignIn {
  const { users, sessions, passwords, clock, isFitName: maySay = () => true, onFailure } = parts;
  // by name and address the wait grows to 15 min; by name alone only to 30 s, or anybody could lock anybody out
  const byPlace = createLockOut({ free: 5, maxWaitMs: 15 * 60_000 });
  const byName = createLockOut({ free: 30, maxWaitMs: 30_000 });

  /** Checks a password under both lock-outs; throws `locked-out` or `wrong-credentials`. */
  const check = async (name: string, address: string, stored: string | undefined, password: string) => {
    const place = `${address} ${nameKey(name)}`;
    const nowMs = clock.monotonicMs();
    const waitMs = Math.max(byPlace.waitMs(place, nowMs), byName.waitMs(nameKey(name), nowMs));
    if (waitMs > 0) throw new ProblemError("locked-out", { retryAfterMs: waitMs });
    // counted before the check: guesses sent at once must not share one count
    byPlace.failed(place, nowMs);
    byName.failed(nameKey(name), nowMs);
    if (!(await timely(passwords.verify(stored, password)))) {
      onFailure?.();
      throw new ProblemError("wrong-credentials");
    }
    byPlace.succeeded(place);
    byName.succeeded(nameKey(name));
  };
  const sessionFor = async (user: User, { userAgent }: Client): Promise<Session> => ({
    ...(await sessions.start(user, { userAgent })),
    user: { id: user.id, name: user.name, role: user.role, createdAtMs: user.createdAtMs },
  });
  return {
    async signUp({ name, password }, client) {
      if (!isFitName(tidyName(name))) {
        throw new ProblemError("invalid-request", {
          fields: [
            { path: "/name", message: "must be letters, digits, spaces and ._- and start with a letter or digit" },
          ],
        });
      }
      if (!maySay(tidyName(name))) throw new ProblemError("text-blocked");
      if (await users.byName(name)) throw new ProblemError("name-taken");
      const passwordHash = await timely(passwords.hash(password));
      try {
        return await sessionFor(await users.add({ name, passwordHash, role: "user" }), client);
      } catch (error) {
        if (error instanceof UniqueViolation) throw new ProblemError("name-taken", { cause: error });
        throw error;
      }
    },
    async signIn({ name, password }, client) {
      const account = await users.byName(name);
      await check(name, client.address, account?.passwordHash, password);
      if (!account) throw new ProblemError("wrong-credentials");
      return sessionFor(account, client);
    },
    async changePassword({ user, sessionId }, { currentPassword, newPassword }) {
      const account = await users.byId(user.id);
      await check(user.name, sessionId, account?.passwordHash, currentPassword);
      await users.setPassword(user.id, await timely(passwords.hash(newPassword)));
      await sessions.endOthers(user.id, { keepId: sessionId });
    },
  };
}

/** Too many checks waiting is the client's "too many requests". */
async function timely<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof PasswordsBusy)
      throw new ProblemError("too-many-requests", { retryAfterMs: 2_000, cause: error });
    throw error;
  }
}
