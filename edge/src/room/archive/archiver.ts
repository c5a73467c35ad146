import type { Clock, Logger, Redis } from "@lianmai/process";
import type { Position } from "../../protocol/room/entry.ts";
import type { Doorbells } from "../log/doorbells.ts";
import type { RoomFunctions } from "../log/functions.ts";
import { dirtyKey, PARTITIONS } from "../log/keys.ts";
import type { Sequencer } from "../log/sequencer.ts";
import type { Archive } from "./archive.ts";

/** Only one edge archives; another takes over this long after it was last heard of. */
const LEASE_MS = 5_000;
const RENEW_MS = 1_500;
const LEASE_KEY = "room:archiver";
/** Least time between two commits: entries that come within one share it. */
const COMMIT_EVERY_MS = 100;
/** The lease and lost bells are looked after this often. */
const LOOK_EVERY_MS = 500;
/** Rooms and entries of each in one commit. */
const MAX_ROOMS = 64;
const MAX_ENTRIES = 1_000;
/** How often all rooms are asked for entries whose bell was lost. */
const SCAN_EVERY_MS = 5_000;

/** Brings what is sequenced to disk and says so. */
export interface Archiver {
  /** Whether this process is the one that archives. */
  readonly isLeader: boolean;
  /** Rooms known to have entries that are not on disk. */
  readonly waiting: number;
  stop(): Promise<void>;
}

/** Starts the archiver; it does nothing while another process holds the lease. Two at once do no harm but work. */
export function startArchiver(parts: {
  readonly redis: Redis;
  readonly functions: RoomFunctions;
  readonly sequencer: Sequencer;
  readonly archive: Archive;
  readonly doorbells: Doorbells;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly nodeId: string;
  /** Called with each commit: entries, and how long it took. */
  readonly onCommit: (entries: number, ms: number) => void;
}): Archiver {
  const { redis, functions, sequencer, archive, doorbells, clock, logger, nodeId, onCommit } = parts;
  const dirty = new Set<string>();
  const cursors = new Map<string, Position>();
  let isLeader = false;
  let working: Promise<void> | undefined;
  let next: NodeJS.Timeout | undefined;
  let stopped = false;
  let turnedMs = 0;
  let lastRenewedMs = 0;
  let lastScanMs = 0;

  const lead = async () => {
    const taken = await redis.set(LEASE_KEY, nodeId, "PX", LEASE_MS, "NX");
    const holder = taken === "OK" ? nodeId : await redis.get(LEASE_KEY);
    if (holder === nodeId) await redis.pexpire(LEASE_KEY, LEASE_MS);
    if ((holder === nodeId) === isLeader) return;
    isLeader = holder === nodeId;
    // what another has archived meanwhile is read from the archive again
    cursors.clear();
    lastScanMs = 0;
    logger.info({ isLeader }, isLeader ? "this edge archives the rooms" : "another edge archives the rooms");
  };
  const scan = async () => {
    const pipeline = redis.pipeline();
    for (let partition = 0; partition < PARTITIONS; partition += 1) pipeline.smembers(dirtyKey(partition));
    for (const [, rooms] of (await pipeline.exec()) ?? []) {
      if (Array.isArray(rooms)) for (const roomId of rooms) dirty.add(String(roomId));
    }
  };
  const readNew = async (roomId: string) => {
    const at = cursors.get(roomId) ?? (await archive.newest(roomId));
    return { roomId, entries: await functions.after(roomId, at, MAX_ENTRIES) };
  };
  const commit = async () => {
    const rooms = [...dirty].slice(0, MAX_ROOMS);
    for (const roomId of rooms) dirty.delete(roomId);
    try {
      const read = await Promise.all(rooms.map(readNew));
      const startedMs = clock.monotonicMs();
      const newest = await archive.write(read);
      const count = read.reduce((sum, { entries }) => sum + entries.length, 0);
      if (count > 0) onCommit(count, clock.monotonicMs() - startedMs);
      await Promise.all(read.map(({ roomId, entries }, index) => announce(roomId, entries, newest[index])));
    } catch (error) {
      for (const roomId of rooms) dirty.add(roomId);
      throw error;
    }
  };
  const announce = async (roomId: string, entries: readonly Position[], newest: Position | undefined) => {
    const last = entries.at(-1);
    if (last) cursors.set(roomId, { gen: last.gen, seq: last.seq });
    if (entries.length >= MAX_ENTRIES) dirty.add(roomId);
    if (newest && newest.gen > 0) await sequencer.run(roomId, (calls) => calls.durable(roomId, newest));
  };
  const work = async () => {
    const nowMs = clock.monotonicMs();
    if (nowMs - lastRenewedMs >= RENEW_MS) {
      lastRenewedMs = nowMs;
      await lead();
    }
    if (!isLeader) return dirty.clear();
    if (nowMs - lastScanMs >= SCAN_EVERY_MS) {
      lastScanMs = nowMs;
      await scan();
    }
    if (dirty.size > 0) await commit();
  };
  const turn = () => {
    clearTimeout(next);
    next = undefined;
    if (working || redis.status !== "ready") return;
    turnedMs = clock.monotonicMs();
    working = work()
      .catch((error: unknown) => logger.debug({ err: error }, "archiving waits"))
      .finally(() => {
        working = undefined;
        if (dirty.size > 0) wake();
      });
  };
  const wake = () => {
    if (stopped || working !== undefined) return;
    next ??= setTimeout(turn, Math.max(0, turnedMs + COMMIT_EVERY_MS - clock.monotonicMs())).unref();
  };
  const timer = setInterval(turn, LOOK_EVERY_MS).unref();
  wake();
  const stopListening = doorbells.listenAll((bell) => {
    if (!isLeader || bell.kind !== "entry") return;
    dirty.add(bell.roomId);
    wake();
  });
  const stopReady = doorbells.onReady(() => {
    lastScanMs = 0;
    cursors.clear();
    wake();
  });
  return {
    get isLeader() {
      return isLeader;
    },
    get waiting() {
      return dirty.size;
    },
    async stop() {
      stopped = true;
      clearInterval(timer);
      clearTimeout(next);
      stopListening();
      stopReady();
      await working;
      if (isLeader && redis.status === "ready") await redis.del(LEASE_KEY).catch(() => undefined);
    },
  };
}
