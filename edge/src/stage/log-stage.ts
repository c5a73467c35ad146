import {
  STAGE_EVENTS_CHANNEL,
  STAGE_LOG_REDIS_KEY,
  type StageActor,
  type StageLogRecord,
  stageLogRecordSchema,
} from "@lianmai/ingest/stage";
import type { Logger, Redis } from "@lianmai/process";
import { Value } from "typebox/value";
import type { BodyOf } from "../protocol/room/entry.ts";
import type { Author } from "../protocol/room/people.ts";
import type { Role } from "../protocol/room/roles.ts";
import { RoomAway, type RoomLog } from "../room/room-log.ts";
import type { Rooms } from "../rooms/rooms.ts";

/** Records read at once. */
const BATCH = 64;
/** A pass is made this often even if no event called for one. */
const IDLE_MS = 1_000;

/** The service, where time has done something. */
export const SERVICE: Author = { id: "lianmai", name: "Lianmai", role: "admin" };

/** Brings the stage's changes into the rooms' logs. */
export interface StageLog {
  stop(): Promise<void>;
}

/**
 * Appends what the stage processes have kept in Redis, oldest first, and takes it out once it has its place. Every edge
 * does so: all read in the same order, and the log knows a record that another has brought by its cid.
 */
export function startStageLog(parts: {
  readonly redis: Redis;
  readonly subscriber: Redis;
  readonly log: Pick<RoomLog, "append">;
  readonly rooms: Pick<Rooms, "bySlug">;
  readonly logger: Logger;
}): StageLog {
  const { redis, subscriber, log, rooms, logger } = parts;
  let stopped = false;
  let again = false;
  let running: Promise<void> | undefined;

  const bring = async (id: string, text: string | undefined): Promise<void> => {
    const record = readRecord(text);
    const room = record && (await rooms.bySlug(record.room));
    // A room that is gone has no log, and what cannot be read never will be.
    if (record && room) {
      const draft = { cid: `stage-${id}`, kind: "stage", body: bodyOf(record) } as const;
      await log.append(room.id, authorOf(record.actor), draft).catch((error: unknown) => {
        if (error instanceof RoomAway) throw error;
        logger.warn({ err: error, record: id }, "a change of the stage does not fit the room log");
      });
    }
    await redis.xdel(STAGE_LOG_REDIS_KEY, id);
  };
  const pass = async (): Promise<void> => {
    do {
      again = false;
      const entries = await redis.xrange(STAGE_LOG_REDIS_KEY, "-", "+", "COUNT", BATCH);
      for (const [id, fields] of entries) if (!stopped) await bring(id, fields[fields.indexOf("record") + 1]);
      again ||= entries.length === BATCH;
    } while (again && !stopped);
  };
  const wake = (): void => {
    again = true;
    running ??= pass()
      .catch((error: unknown) => logger.debug({ reason: String(error) }, "the stage's changes wait for the room log"))
      .finally(() => {
        running = undefined;
      });
  };
  const message = (channel: string): void => {
    if (channel === STAGE_EVENTS_CHANNEL) wake();
  };
  subscriber.on("message", message);
  void subscriber.subscribe(STAGE_EVENTS_CHANNEL).catch(() => {});
  const timer = setInterval(wake, IDLE_MS);
  return {
    async stop() {
      stopped = true;
      clearInterval(timer);
      subscriber.off("message", message);
      await running;
    },
  };
}

function readRecord(text: string | undefined): StageLogRecord | undefined {
  try {
    const value: unknown = JSON.parse(text ?? "null");
    return Value.Check(stageLogRecordSchema, value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const ROLES: Readonly<Record<StageActor["role"], Role>> = { host: "host", moderator: "moderator", guest: "viewer" };

const authorOf = (actor: StageActor | null): Author =>
  actor ? { id: actor.userId, name: actor.name.slice(0, 40), role: ROLES[actor.role] } : SERVICE;

function bodyOf({ what, participant, seat, on }: StageLogRecord): BodyOf<"stage"> {
  return {
    what,
    ...(participant && { user: participant.id, name: participant.name }),
    ...(seat !== undefined && { seat }),
    ...(on !== undefined && { on }),
  };
}
