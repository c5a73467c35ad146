import {
  STAGE_NODES_REDIS_KEY,
  type StageNode,
  stageNodeRedisKey,
  stageNodeSchema,
  stagePlaceRedisKey,
} from "@lianmai/ingest/stage";
import type { Redis } from "@lianmai/process";
import { Value } from "typebox/value";
import { ProblemError } from "../errors.ts";

/** Finds the stage node for a room: the one that holds it, else the least loaded. */
export type FindStageNode = (room: string) => Promise<StageNode>;

/** Makes {@link FindStageNode}; problems are `redis-away` and `stage-away`. */
export function createFindStageNode(redis: Redis): FindStageNode {
  const read = async (room: string): Promise<StageNode | undefined> => {
    const [holder, ids] = await Promise.all([
      redis.get(stagePlaceRedisKey(room)),
      redis.smembers(STAGE_NODES_REDIS_KEY),
    ]);
    if (ids.length === 0) return undefined;
    const nodes = (await redis.mget(ids.map(stageNodeRedisKey))).map(parse).filter((node) => node !== undefined);
    const free = nodes.filter((node) => !node.draining).sort((a, b) => a.packetsPerSecond - b.packetsPerSecond);
    return nodes.find((node) => node.nodeId === holder) ?? free[0];
  };
  return async (room) => {
    const node = await read(room).catch((error: unknown) => {
      throw new ProblemError("redis-away", { retryAfterMs: 1_000, cause: error });
    });
    if (!node) throw new ProblemError("stage-away", { retryAfterMs: 2_000 });
    return node;
  };
}

function parse(text: string | null): StageNode | undefined {
  try {
    const value: unknown = JSON.parse(text ?? "null");
    return Value.Check(stageNodeSchema, value) ? value : undefined;
  } catch {
    return undefined;
  }
}
