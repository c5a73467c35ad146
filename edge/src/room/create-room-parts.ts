import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { type Clock, connectRedis, type Logger, type Metrics, type Redis } from "@lianmai/process";
import { type Database, openDatabase } from "../storage/database.ts";
import { type Archiver, startArchiver } from "./archive/archiver.ts";
import { type RunningArchive, startArchive } from "./archive/start-archive.ts";
import { createRoomLog } from "./log/create-room-log.ts";
import { createDoorbells, type Doorbells } from "./log/doorbells.ts";
import { createRoomFunctions, type RoomFunctions } from "./log/functions.ts";
import { createRoomFeeds, type RoomFeeds } from "./log/room-feeds.ts";
import { createSequencer, type Sequencer } from "./log/sequencer.ts";
import { createStatePlane, type StatePlane } from "./log/state-plane.ts";
import type { AdmissionHook, RoomLog } from "./room-log.ts";
import { createRoomMetrics } from "./room-metrics.ts";
import { createRoomStore, migrateRoomStore, type RoomStore } from "./store/room-store.ts";

/** What rooms are made of in one process. */
export interface RoomParts {
  readonly redis: Redis;
  readonly database: Database;
  readonly store: RoomStore;
  readonly archive: RunningArchive;
  readonly archiver: Archiver;
  readonly functions: RoomFunctions;
  readonly sequencer: Sequencer;
  readonly doorbells: Doorbells;
  readonly feeds: RoomFeeds;
  readonly plane: StatePlane;
  readonly log: RoomLog;
  stop(): Promise<void>;
}

/** Faults that a torture run puts between the parts; the product has none. */
export interface RoomFaults {
  readonly functions?: (functions: RoomFunctions) => RoomFunctions;
  readonly doorbells?: (doorbells: Doorbells) => Doorbells;
  readonly archive?: (archive: RunningArchive) => RunningArchive;
}

/** Opens the files, connects to Redis and starts the archiver. */
export function createRoomParts(options: {
  readonly dataDir: string;
  readonly redisUrl: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly hooks: readonly AdmissionHook[];
  readonly metrics: Metrics;
  readonly faults?: RoomFaults;
}): RoomParts {
  const { dataDir, redisUrl, clock, hooks, faults = {} } = options;
  const metrics = createRoomMetrics(options.metrics);
  const logger = options.logger.child({ part: "room" });
  const database = openDatabase(join(dataDir, "chat.sqlite"));
  migrateRoomStore(database);
  const store = createRoomStore(database);
  const disk = startArchive(join(dataDir, "archive.sqlite"), {
    onFailure: (error) => logger.fatal({ err: error }, "the archive has failed"),
    onRead: metrics.archiveRead,
  });
  const archive = faults.archive?.(disk) ?? disk;
  const redis = connectRedis(redisUrl, { logger, role: "commands" });
  const subscriber = connectRedis(redisUrl, { logger, role: "subscriber" });
  const plain = createRoomFunctions(redis);
  const functions = faults.functions?.(plain) ?? plain;
  const bells = createDoorbells(subscriber);
  const doorbells = faults.doorbells?.(bells) ?? bells;
  const sequencer = createSequencer({ functions, archive, store, clock, logger });
  const feeds = createRoomFeeds({ functions, sequencer, archive, doorbells, clock });
  const plane = createStatePlane({ redis, subscriber, logger });
  const archiver = startArchiver({
    ...{ redis, functions, sequencer, archive, doorbells, clock, logger },
    onCommit: metrics.committed,
    nodeId: randomUUID(),
  });
  const log = createRoomLog({ sequencer, feeds, archive, store, plane, hooks, clock });
  return {
    ...{ redis, database, store, archive, archiver, functions, sequencer, doorbells, feeds, plane, log },
    async stop() {
      feeds.stop();
      plane.stop();
      await archiver.stop();
      redis.disconnect();
      subscriber.disconnect();
      await archive.stop();
      database.close();
    },
  };
}
