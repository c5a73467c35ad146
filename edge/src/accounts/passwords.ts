/** The only importer of the argon2 library. */
import { hash, verify } from "@node-rs/argon2";

/** Hashes and checks passwords; the work runs on the thread pool, a bounded number at a time. */
export interface Passwords {
  hash(password: string): Promise<string>;
  /** Whether `password` fits; without a stored hash it takes as long and is false. */
  verify(stored: string | undefined, password: string): Promise<boolean>;
}

/** argon2id, version 19, by OWASP's first choice: 19 MiB, two passes, one lane. The library's default algorithm. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
/** Hashes at once: each takes a core for some 30 ms and 19 MiB, and viewers share the machine. */
const MAX_AT_ONCE = 2;
/** Waiting beyond this is refused; sign-in's rate limits keep it far away. */
const MAX_WAITING = 64;

/** More password checks are waiting than the bound allows. */
export class PasswordsBusy extends Error {
  override readonly name = "PasswordsBusy";
}

/** Makes {@link Passwords}; prepares the hash that stands in for accounts that do not exist. */
export function createPasswords(): Passwords {
  const waiting: (() => void)[] = [];
  let running = 0;
  const withTurn = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (running >= MAX_AT_ONCE) {
      if (waiting.length >= MAX_WAITING) throw new PasswordsBusy("too many password checks are waiting");
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      // the turn is handed on, so `running` stays
      if (next) next();
      else running -= 1;
    }
  };
  const standIn = hash("nobody has this password", COST);
  return {
    hash: (password) => withTurn(() => hash(password, COST)),
    verify: (stored, password) =>
      withTurn(async () => {
        const fits = await verify(stored ?? (await standIn), password).catch(() => false);
        return fits && stored !== undefined;
      }),
  };
}
