import type { Clock, Logger, Redis } from "@lianmai/process";
import type { Database } from "../../storage/database.ts";
import { PARTITIONS, revokedKey } from "../log/keys.ts";
import { TOKEN_LIFE_MS } from "./tokens.ts";

/** Versions of people: a token that carries a lower one is refused, here and by the sequencer. */
export interface Versions {
  of(userId: string): number;
  /** Revokes all tokens of a person given so far; known to the sequencer once it resolves, or when Redis is back. */
  raise(userId: string): Promise<void>;
}

/** {@link Versions} on SQLite, copied to every partition in Redis. */
export function createVersions(parts: {
  readonly database: Database;
  readonly redis: Redis;
  readonly clock: Clock;
  readonly logger: Logger;
}): Versions {
  const { database, redis, clock, logger } = parts;
  const copy = async (versions: readonly (readonly [userId: string, version: number])[]) => {
    if (versions.length === 0) return;
    const pipeline = redis.pipeline();
    for (let partition = 0; partition < PARTITIONS; partition += 1) {
      pipeline.hset(revokedKey(partition), Object.fromEntries(versions));
    }
    await pipeline.exec();
  };
  // a Redis that has lost its memory gets back what tokens still alive could be used against
  redis.on("ready", () => {
    const rows = database.all(
      "SELECT user_id, version FROM token_versions WHERE changed_at_ms > ?",
      clock.wallMs() - 2 * TOKEN_LIFE_MS,
    );
    copy(rows.map((row) => [String(row["user_id"]), Number(row["version"])])).catch((error: unknown) =>
      logger.warn({ err: error }, "revocations were not copied"),
    );
  });
  const of = (userId: string): number =>
    Number(database.get("SELECT version FROM token_versions WHERE user_id = ?", userId)?.["version"] ?? 0);
  return {
    of,
    async raise(userId) {
      database.run(
        `INSERT INTO token_versions (user_id, version, changed_at_ms) VALUES (?, 1, ?)
         ON CONFLICT DO UPDATE SET version = version + 1, changed_at_ms = excluded.changed_at_ms`,
        userId,
        clock.wallMs(),
      );
      await copy([[userId, of(userId)]]).catch((error: unknown) =>
        logger.warn({ err: error }, "a revocation reaches the sequencer when Redis is back"),
      );
    },
  };
}
