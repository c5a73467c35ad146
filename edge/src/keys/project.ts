import { setTimeout as delay } from "node:timers/promises";
import { grantRedisKey, INGEST_COMMANDS_CHANNEL, type IngestCommand } from "@lianmai/ingest/contract";
import { type Clock, createBackoff, type Logger, type Redis } from "@lianmai/process";
import {
  layoutChoiceRedisKey,
  roomSettingsRedisKey,
  TRANSCODE_COMMANDS_CHANNEL,
  type TranscodeCommand,
} from "@lianmai/transcode/contract";
import type { Rooms, StoredRoom } from "../rooms/rooms.ts";
import type { KeyGrant, StreamKeys } from "./stream-keys.ts";

/** An API answer waits this long for the projection; after that it says `pending`. */
export const PROJECTION_BUDGET_MS = 2_000;
/** Keys or rooms written to Redis in one round trip. */
const BATCH = 200;
/** A revoked key's grant says so this long, so that ingest can name the reason; then absence refuses it. */
const REVOKED_KEPT_MS = 7 * 24 * 3_600_000;
/** At start, changes this old are told to ingest again: the process before may not have got to it. */
const TELL_BACK_MS = 10 * 60_000;
/** Other edges' clocks and transactions may lag this much. */
const OVERLAP_MS = 10_000;
/** Everything is projected again this often, against whatever was lost unseen. */
const ANEW_EVERY_MS = 5 * 60_000;

/** Copies what ingest and transcode must know from SQLite to Redis: a room's grants and settings. */
export interface Projection {
  /** Projects one room and tells both; false when Redis has not taken it within the budget (it is retried until done). */
  room(room: StoredRoom): Promise<boolean>;
  /** Takes away what a deleted room's programs would be made with; its grants must be revoked before. */
  removed(room: StoredRoom): Promise<boolean>;
  /** Sends commands without waiting for an answer; false when Redis is away. */
  command(commands: { readonly ingest?: IngestCommand; readonly transcode?: TranscodeCommand }): Promise<boolean>;
  stop(): void;
}

/** Makes the projection; everything is projected at each (re)connect of `redis`. */
export function createProjection(parts: {
  readonly redis: Redis;
  readonly rooms: Rooms;
  readonly streamKeys: StreamKeys;
  readonly clock: Clock;
  readonly logger: Logger;
}): Projection {
  const { redis, rooms, streamKeys, clock, logger } = parts;
  const stopped = new AbortController();
  // all writes go through one chain: an older state never overtakes a newer one
  let chain: Promise<unknown> = Promise.resolve();
  let running = false;
  let again = false;
  let completeSinceMs = clock.wallMs() - TELL_BACK_MS;
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const result = chain.then(work);
    chain = result.catch(() => undefined);
    return result;
  };
  const send = async (fill: (pipeline: ReturnType<Redis["pipeline"]>) => void): Promise<void> => {
    const pipeline = redis.pipeline();
    fill(pipeline);
    for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
  };
  const everything = async (): Promise<void> => {
    const startedMs = clock.wallMs();
    let count = 0;
    for (let afterKeyId = ""; !stopped.signal.aborted; ) {
      const batch = await streamKeys.grantBatch({ afterKeyId, limit: BATCH });
      const last = batch.at(-1);
      if (!last) break;
      await send((pipeline) => {
        for (const grant of batch) {
          writeGrant(pipeline, grant, clock.wallMs());
          // ingest may have missed the news while Redis was away
          if (grant.changedAtMs < completeSinceMs) continue;
          publish(pipeline, { ingest: { kind: "grant-changed", keyHash: grant.keyHash } });
        }
      });
      count += batch.length;
      afterKeyId = last.grant.keyId;
    }
    for (let afterId = ""; !stopped.signal.aborted; ) {
      const batch = await rooms.batch({ afterId, limit: BATCH });
      const last = batch.at(-1);
      if (!last) break;
      await send((pipeline) => {
        for (const room of batch) pipeline.set(roomSettingsRedisKey(room.slug), settingsText(room));
      });
      afterId = last.id;
    }
    completeSinceMs = startedMs - OVERLAP_MS;
    logger.debug({ grants: count }, "projected");
  };
  /** Projects everything, again and again until Redis has taken it; calls in between ask for one more round. */
  const anew = () => {
    again = true;
    if (running) return;
    running = true;
    const backoff = createBackoff({ minMs: 100, maxMs: 5_000 });
    const rounds = async (): Promise<void> => {
      while (again && !stopped.signal.aborted) {
        again = false;
        try {
          await inTurn(everything);
        } catch (error) {
          logger.debug({ err: error }, "projection must wait for redis");
          again = true;
          await delay(backoff.next(), undefined, { signal: stopped.signal, ref: false }).catch(() => undefined);
        }
      }
      running = false;
    };
    void rounds();
  };
  const orLater = async (work: () => Promise<void>): Promise<boolean> => {
    const done = inTurn(work).then(
      () => true,
      () => false,
    );
    const inTime = await Promise.race([done, delay(PROJECTION_BUDGET_MS, false, { ref: false })]);
    if (!inTime) anew();
    return inTime;
  };
  redis.on("ready", anew);
  if (redis.status === "ready") anew();
  const timer = setInterval(() => redis.status === "ready" && anew(), ANEW_EVERY_MS).unref();

  return {
    room: (room) =>
      orLater(async () => {
        const grants = await streamKeys.grantsOf(room.id);
        const current = await rooms.bySlug(room.slug);
        await send((pipeline) => {
          for (const grant of grants) writeGrant(pipeline, grant, clock.wallMs());
          if (current) pipeline.set(roomSettingsRedisKey(current.slug), settingsText(current));
          for (const { keyHash } of grants) publish(pipeline, { ingest: { kind: "grant-changed", keyHash } });
          publish(pipeline, { transcode: { kind: "settings-changed", room: room.slug } });
        });
      }),
    removed: (room) =>
      orLater(async () => {
        const grants = await streamKeys.grantsOf(room.id);
        await send((pipeline) => {
          for (const grant of grants) writeGrant(pipeline, grant, clock.wallMs());
          for (const { keyHash } of grants) publish(pipeline, { ingest: { kind: "grant-changed", keyHash } });
          pipeline.del(roomSettingsRedisKey(room.slug), layoutChoiceRedisKey(room.slug));
        });
      }),
    async command(commands) {
      try {
        await send((pipeline) => publish(pipeline, commands));
        return true;
      } catch {
        return false;
      }
    },
    stop() {
      stopped.abort();
      clearInterval(timer);
      redis.off("ready", anew);
    },
  };
}

type Pipeline = ReturnType<Redis["pipeline"]>;

function writeGrant(pipeline: Pipeline, { keyHash, grant, changedAtMs }: KeyGrant, nowMs: number): void {
  const key = grantRedisKey(keyHash);
  if (grant.state !== "revoked") pipeline.set(key, JSON.stringify(grant));
  else if (nowMs - changedAtMs < REVOKED_KEPT_MS) pipeline.set(key, JSON.stringify(grant), "PX", REVOKED_KEPT_MS);
  else pipeline.del(key);
}

function publish(
  pipeline: Pipeline,
  commands: { readonly ingest?: IngestCommand; readonly transcode?: TranscodeCommand },
): void {
  if (commands.ingest) pipeline.publish(INGEST_COMMANDS_CHANNEL, JSON.stringify(commands.ingest));
  if (commands.transcode) pipeline.publish(TRANSCODE_COMMANDS_CHANNEL, JSON.stringify(commands.transcode));
}

const settingsText = ({ graceMs, partTargetMs }: StoredRoom): string => JSON.stringify({ graceMs, partTargetMs });
