import { type Stage, stageRedisKey, stageSchema } from "@lianmai/ingest/stage";
import type { Redis } from "@lianmai/process";
import { Value } from "typebox/value";
import { ProblemError } from "../errors.ts";

const REDIS_RETRY_MS = 1_000;

/** The stage of a room as it stands; undefined for one that has had none. Problems are `redis-away`. */
export async function readStage(redis: Redis, slug: string): Promise<Stage | undefined> {
  const text = await redis.get(stageRedisKey(slug)).catch((error: unknown) => {
    throw new ProblemError("redis-away", { retryAfterMs: REDIS_RETRY_MS, cause: error });
  });
  const stage: unknown = text === null ? undefined : JSON.parse(text);
  return Value.Check(stageSchema, stage) ? stage : undefined;
}
