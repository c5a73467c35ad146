import { readFileSync } from "node:fs";
import type { Clock, Redis } from "@lianmai/process";
import { Value } from "typebox/value";
import {
  STAGE_EVENTS_CHANNEL,
  STAGE_LOG_REDIS_KEY,
  STAGES_REDIS_KEY,
  type Stage,
  type StageEvent,
  type StageLogRecord,
  type StageRefusal,
  stageRedisKey,
  stageSchema,
} from "../stage-contract.ts";
import { logRecord } from "./log-record.ts";
import { newStage } from "./new-stage.ts";
import { reduce, type StageInput } from "./reduce.ts";

const SAVE = readFileSync(new URL("./save-stage.lua", import.meta.url), "utf8");
/** A stage is kept this long after its last change. */
const KEPT_MS = 24 * 3_600_000;
/** Changes kept for the room log while no edge takes them; the oldest go first. */
const MAX_LOG_ENTRIES = 20_000;
/** Others may change the stage at the same moment; this often it is tried again. */
const ATTEMPTS = 8;

/** What came of an event. */
export type StoreOutcome =
  | { readonly kind: "done"; readonly stage: Stage; readonly changed: boolean }
  | { readonly kind: "refused"; readonly code: StageRefusal };

/** The rooms' stages in Redis; every method rejects when it is away. */
export interface StageStore {
  read(room: string): Promise<Stage>;
  /** Applies one event to the stage as it stands now, and tells the change. */
  apply(room: string, input: StageInput): Promise<StoreOutcome>;
  rooms(): Promise<string[]>;
}

export function createStageStore(redis: Redis, options: { readonly clock: Clock }): StageStore {
  const read = async (room: string): Promise<Stage> => {
    const text = await redis.get(stageRedisKey(room));
    const value: unknown = text === null ? undefined : JSON.parse(text);
    return Value.Check(stageSchema, value) ? value : newStage(room);
  };
  const save = async (before: Stage, event: StageEvent, record: StageLogRecord | undefined): Promise<boolean> => {
    const { stage } = event;
    const answer = await redis.eval(
      SAVE,
      3,
      stageRedisKey(stage.room),
      STAGES_REDIS_KEY,
      STAGE_LOG_REDIS_KEY,
      before.version,
      JSON.stringify(stage),
      stage.room,
      KEPT_MS,
      STAGE_EVENTS_CHANNEL,
      JSON.stringify(event),
      MAX_LOG_ENTRIES,
      record ? JSON.stringify(record) : "",
    );
    return answer === 1;
  };
  return {
    read,
    rooms: () => redis.smembers(STAGES_REDIS_KEY),
    async apply(room, input) {
      for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
        const before = await read(room);
        const outcome = reduce(before, input, options.clock.wallMs());
        if (outcome.kind === "refused") return outcome;
        const { stage, change } = outcome;
        if (!change) return { kind: "done", stage, changed: false };
        const record = logRecord(input, change, { before, after: stage });
        if (await save(before, { kind: "stage", stage, change }, record)) return { kind: "done", stage, changed: true };
      }
      throw new Error(`the stage of ${room} changes too fast`);
    },
  };
}
