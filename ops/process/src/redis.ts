import { Redis } from "ioredis";
import { createBackoff } from "./backoff.ts";
import type { Logger } from "./logger.ts";

export type { Redis } from "ioredis";

/** Longest a command may wait for Redis; callers treat a failure as "Redis is away". */
export const REDIS_COMMAND_TIMEOUT_MS = 2_000;

/**
 * Connects to Redis and keeps reconnecting (50 ms to 1 s, jittered).
 * Commands fail fast while it is away, so that media never waits for Redis.
 * `subscriber` connections resubscribe by themselves.
 */
export function connectRedis(
  url: string,
  options: { readonly logger: Logger; readonly role: "commands" | "subscriber" },
): Redis {
  const { logger, role } = options;
  const backoff = createBackoff({ minMs: 50, maxMs: 1_000 });
  const redis = new Redis(url, {
    retryStrategy: () => backoff.next(),
    maxRetriesPerRequest: role === "commands" ? 0 : null,
    enableOfflineQueue: role === "subscriber",
    commandTimeout: role === "commands" ? REDIS_COMMAND_TIMEOUT_MS : undefined,
    connectTimeout: 2_000,
    keepAlive: 5_000,
  });
  let away = false;
  redis.on("ready", () => {
    backoff.reset();
    if (away) logger.info({ role }, "redis is back");
    away = false;
  });
  redis.on("error", (error: Error) => {
    if (!away) logger.warn({ role, reason: error.message }, "redis is away");
    away = true;
  });
  return redis;
}
