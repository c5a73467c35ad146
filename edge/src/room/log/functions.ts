/** Typed calls of the function library in room-log.lua, which says what they do. */
import { readFileSync } from "node:fs";
import type { Redis } from "@lianmai/process";
import type { Position } from "../../protocol/room/entry.ts";
import type { StoredEntry } from "./doorbell.ts";
import { doorbellChannel, logKey, partitionOf, roomKeys } from "./keys.ts";
import { parsePosition, streamId } from "./positions.ts";

const LIBRARY = readFileSync(new URL("./room-log.lua", import.meta.url), "utf8");
/** Entries that stay in Redis behind the durable position, for resumes without the archive. */
const KEPT_BEHIND_DURABLE = 5_000;

/** A change of a room's state; an empty value deletes. */
export interface StateChange {
  readonly key: "people" | "meta";
  readonly field: string;
  readonly value: string;
}

/** What a room function answered: a word, then values as text. */
export type Reply = readonly [word: string, ...values: string[]];

/** An entry to place, with what the checks need to know. */
export interface PublishCall {
  readonly cid: string;
  readonly user: string;
  readonly json: string;
  readonly version: number;
  readonly rank: number;
  readonly leastRank: number;
  readonly kind: string;
  readonly isMedia: boolean;
  readonly isMember: boolean;
  readonly isKnown: boolean;
  readonly followsSinceMs: number | null;
  readonly fingerprint: string;
  readonly released: boolean;
}

/** What `room_recover` begins a generation with. */
export interface RecoverCall {
  readonly found: number;
  readonly last: number;
  readonly gen: number;
  readonly durable: Position;
  /** Its name, as "recover" told it. */
  readonly loss: string;
  readonly changes: readonly StateChange[];
  readonly seen: readonly {
    readonly cid: string;
    readonly user: string;
    readonly at: Position;
    readonly atMs: number;
  }[];
}

/** The room functions of one Redis; every call rejects when it is away. */
export interface RoomFunctions {
  publish(roomId: string, call: PublishCall): Promise<Reply>;
  append(
    roomId: string,
    call: Pick<PublishCall, "cid" | "user" | "json">,
    changes: readonly StateChange[],
  ): Promise<Reply>;
  recover(roomId: string, call: RecoverCall): Promise<Reply>;
  durable(roomId: string, at: Position): Promise<Reply>;
  top(roomId: string): Promise<Reply>;
  /** Entries after a position, oldest first. */
  after(roomId: string, at: Position, limit: number): Promise<StoredEntry[]>;
}

const flag = (value: boolean): string => (value ? "1" : "0");
const flat = (changes: readonly StateChange[]) => changes.flatMap(({ key, field, value }) => [key, field, value]);

/** Makes {@link RoomFunctions}; the library is loaded when Redis turns out not to have it. */
export function createRoomFunctions(redis: Redis): RoomFunctions {
  const once = (name: string, roomId: string, args: readonly (string | number)[]) =>
    redis.fcall(name, 7, ...roomKeys(roomId), ...args) as Promise<Reply>;
  const call = async (name: string, roomId: string, args: readonly (string | number)[]): Promise<Reply> => {
    try {
      return await once(name, roomId, args);
    } catch (error) {
      if (!(error instanceof Error && error.message.includes("Function not found"))) throw error;
      await redis.function("LOAD", "REPLACE", LIBRARY);
      return once(name, roomId, args);
    }
  };
  // a release with another library must not run on the one that an earlier release has loaded
  redis.on("ready", () => void redis.function("LOAD", "REPLACE", LIBRARY).catch(() => undefined));
  const head = (roomId: string) => [roomId, doorbellChannel(partitionOf(roomId))];
  return {
    publish: (roomId, entry) =>
      call("room_publish", roomId, [
        ...head(roomId),
        ...[entry.cid, entry.user, entry.json, entry.version, entry.rank, entry.leastRank, entry.kind],
        ...[flag(entry.isMedia), flag(entry.isMember), flag(entry.isKnown)],
        ...[entry.followsSinceMs ?? "", entry.fingerprint, flag(entry.released)],
      ]),
    append: (roomId, { cid, user, json }, changes) =>
      call("room_append", roomId, [...head(roomId), cid, user, json, ...flat(changes)]),
    recover: (roomId, { found, last, gen, durable, loss, changes, seen }) =>
      call("room_recover", roomId, [
        ...head(roomId),
        ...[found, last, gen, durable.gen, durable.seq, loss, changes.length],
        ...flat(changes),
        ...seen.flatMap(({ cid, user, at, atMs }) => [cid, [user, at.gen, at.seq, atMs].join("|")]),
      ]),
    durable: (roomId, at) => call("room_durable", roomId, [...head(roomId), at.gen, at.seq, KEPT_BEHIND_DURABLE]),
    top: (roomId) => call("room_top", roomId, []),
    async after(roomId, at, limit) {
      const found = await redis.xrange(logKey(roomId), `(${streamId(at)}`, "+", "COUNT", limit);
      return found.flatMap(([id, fields]) => {
        const place = parsePosition(id);
        return place ? [{ ...place, atMs: Number(fields[3]), json: String(fields[1]) }] : [];
      });
    },
  };
}
