import type { Logger, Redis } from "@lianmai/process";
import type { StateUpdate } from "../../protocol/room/state-plane.ts";
import { partitionOf, stateChannel, stateKey } from "./keys.ts";

/** Values kept of one room; more keys than this are refused silently, as everything here may be left out. */
const MAX_KEYS = 64;
/** The values of a room nobody sets any more are forgotten. */
const LIFE_SECONDS = 24 * 3_600;
/** The same key is sent on at most this often; only the newest value counts. */
const SEND_EVERY_MS = 200;
const PATTERN = "room:state:*";
/** Rooms whose values are kept until the next sending. */
const MAX_SNAPSHOTS = 1_000;

/** The sheddable plane: newest value by key, shared by all edges, never queued. */
export interface StatePlane {
  set(roomId: string, key: string, value: unknown): void;
  /** Adds to the room's likes; counted in batches. */
  like(roomId: string, count: number): void;
  /** All current values of a room. */
  snapshot(roomId: string): Promise<readonly StateUpdate[]>;
  /** Calls `listener` with each newer value from any edge. */
  onUpdate(listener: (roomId: string, update: StateUpdate) => void): void;
  stop(): void;
}

/** Makes {@link StatePlane}; while Redis is away values are lost, and the next one replaces them. */
export function createStatePlane(parts: {
  readonly redis: Redis;
  readonly subscriber: Redis;
  readonly logger: Logger;
}): StatePlane {
  const { redis, subscriber, logger } = parts;
  const listeners = new Set<(roomId: string, update: StateUpdate) => void>();
  const pending = new Map<string, Map<string, unknown>>();
  const likes = new Map<string, number>();
  // when thousands come back at once, the values are read once for all of them
  const snapshots = new Map<string, Promise<readonly StateUpdate[]>>();
  subscriber.on("pmessage", (pattern: string, _channel: string, message: string) => {
    if (pattern !== PATTERN) return;
    const at = message.indexOf(" ");
    const update = readUpdate(message.slice(at + 1));
    if (!update) return;
    snapshots.delete(message.slice(0, at));
    for (const listener of listeners) listener(message.slice(0, at), update);
  });
  void subscriber.psubscribe(PATTERN).catch(() => undefined);
  const send = async (roomId: string, values: ReadonlyMap<string, unknown>) => {
    const key = stateKey(roomId);
    for (const [name, value] of values) {
      const ver = await redis.hincrby(`${key}:ver`, name, 1);
      const json = JSON.stringify({ key: name, ver, value } satisfies StateUpdate);
      if (value === null) await redis.hdel(key, name);
      else if ((await redis.hlen(key)) < MAX_KEYS) await redis.hset(key, name, json);
      await redis.publish(stateChannel(partitionOf(roomId)), `${roomId} ${json}`);
    }
    await redis.expire(key, LIFE_SECONDS);
    await redis.expire(`${key}:ver`, LIFE_SECONDS);
  };
  const sendLikes = async (roomId: string, count: number) => {
    const total = await redis.hincrby(`${stateKey(roomId)}:ver`, "likes:count", count);
    await send(roomId, new Map([["likes", { count: total }]]));
  };
  const read = async (roomId: string) => {
    const values = await redis.hvals(stateKey(roomId)).catch(() => []);
    return values.flatMap((json) => readUpdate(json) ?? []);
  };
  const timer = setInterval(() => {
    snapshots.clear();
    for (const [roomId, count] of likes) {
      likes.delete(roomId);
      sendLikes(roomId, count).catch((error: unknown) => logger.debug({ err: error, roomId }, "likes were lost"));
    }
    for (const [roomId, values] of pending) {
      pending.delete(roomId);
      send(roomId, values).catch((error: unknown) => logger.debug({ err: error, roomId }, "a state value was lost"));
    }
  }, SEND_EVERY_MS).unref();
  return {
    set(roomId, key, value) {
      const values = pending.get(roomId) ?? new Map<string, unknown>();
      pending.set(roomId, values);
      values.set(key, value);
    },
    like: (roomId, count) => void likes.set(roomId, (likes.get(roomId) ?? 0) + count),
    snapshot(roomId) {
      const reading = snapshots.get(roomId) ?? read(roomId);
      if (snapshots.size < MAX_SNAPSHOTS) snapshots.set(roomId, reading);
      return reading;
    },
    onUpdate: (listener) => void listeners.add(listener),
    stop: () => clearInterval(timer),
  };
}

/** A value as another edge has written it; undefined when it is none: an edge of another release may write otherwise. */
function readUpdate(json: string): StateUpdate | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return isUpdate(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isUpdate = (value: unknown): value is StateUpdate =>
  typeof value === "object" &&
  value !== null &&
  "key" in value &&
  typeof value.key === "string" &&
  "ver" in value &&
  typeof value.ver === "number";
