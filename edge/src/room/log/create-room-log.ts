import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "@lianmai/process";
import type { Entry, Kind } from "../../protocol/room/entry.ts";
import { MAX_ENTRY_BYTES } from "../../protocol/room/limits.ts";
import type { Author } from "../../protocol/room/people.ts";
import { KIND_PERMISSIONS } from "../../protocol/room/permissions.ts";
import type { Archive } from "../archive/archive.ts";
import {
  type AdmissionHook,
  type Draft,
  MAX_MODERATED,
  type Published,
  RoomAway,
  type RoomLog,
  type Speaker,
} from "../room-log.ts";
import type { RoomStore } from "../store/room-store.ts";
import { admit } from "./admit.ts";
import { fingerprintOf } from "./fingerprint.ts";
import type { Reply, StateChange } from "./functions.ts";
import { entryOf, keep } from "./kept-entry.ts";
import { compare, START } from "./positions.ts";
import type { RoomFeeds } from "./room-feeds.ts";
import type { Sequencer } from "./sequencer.ts";
import { changesOf, rankOf, stateFrom } from "./state-changes.ts";
import type { StatePlane } from "./state-plane.ts";

const FOLLOW_RETRY_MS = 1_000;
const MEDIA: ReadonlySet<Kind> = new Set(["image", "voice", "file"]);

/** Makes the {@link RoomLog} of this process; `hooks` decide on people's drafts in this order. */
export function createRoomLog(parts: {
  readonly sequencer: Sequencer;
  readonly feeds: RoomFeeds;
  readonly archive: Archive;
  readonly store: RoomStore;
  readonly plane: StatePlane;
  readonly hooks: readonly AdmissionHook[];
  readonly clock: Clock;
}): RoomLog {
  const { sequencer, feeds, archive, store, plane, hooks, clock } = parts;
  const stateOf = (roomId: string) => stateFrom(store.read(roomId), clock.wallMs());

  const place = async (roomId: string, speaker: Speaker, draft: Draft, released: boolean): Promise<Published> => {
    const { cid, kind, body } = draft;
    const reply = await sequencer.run(roomId, (functions) =>
      functions.publish(roomId, {
        ...{ cid, kind, released, user: speaker.id, version: speaker.version },
        json: jsonOf(speaker, draft),
        rank: rankOf(speaker.role),
        leastRank: rankOf(KIND_PERMISSIONS[kind].least),
        isMedia: MEDIA.has(kind),
        isMember: speaker.isMember,
        isKnown: speaker.isKnown,
        followsSinceMs: speaker.followsSinceMs,
        fingerprint: fingerprintOf(body),
      }),
    );
    return publishedFrom(reply);
  };
  const append = async (roomId: string, from: Author, draft: Draft, changes: readonly StateChange[]) => {
    const call = { cid: draft.cid, user: from.id, json: jsonOf(from, draft) };
    const published = publishedFrom(
      await sequencer.run(roomId, (functions) => functions.append(roomId, call, changes)),
    );
    if (!published.ok) throw new Error(`entry ${draft.cid} cannot be appended: ${published.code}`);
    const { gen, seq, repeated } = published;
    return { gen, seq, repeated };
  };
  const followOn = async (roomId: string, listener: (entry: Entry) => void, signal: AbortSignal) => {
    const feed = await untilThere(() => feeds.get(roomId), signal);
    if (!feed) return;
    const stop = feed.listen({
      onNews: ({ entries }) => {
        for (const entry of entries) listener(entryOf(entry));
      },
    });
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  };
  return {
    async publish(roomId, speaker, draft) {
      const admitted = await admit(hooks, { roomId, speaker, draft, modes: stateOf(roomId).modes });
      return "refused" in admitted ? admitted.refused : place(roomId, speaker, admitted.draft, false);
    },
    release: (roomId, speaker, draft) => place(roomId, speaker, draft, true),
    append: (roomId, from, draft) => append(roomId, from, draft as Draft, []),
    act(roomId, by, draft) {
      const changes = changesOf(draft.kind, draft.body, draft.cid);
      // on disk first: a sequencer that loses its memory is given it back before it places anything
      store.write(roomId, changes, draft.cid);
      return append(roomId, by, draft as Draft, changes);
    },
    state: async (roomId) => stateOf(roomId),
    standing: async (roomId, userId) => stateOf(roomId).standings.get(userId) ?? {},
    roomsWithRole: (userId) => store.roomsWith(`r:${userId}`, MAX_MODERATED),
    durable: (roomId) => feeds.peek(roomId)?.durable ?? START,
    async whenDurable(roomId, position, signal) {
      const feed = await feeds.get(roomId);
      signal.throwIfAborted();
      if (compare(feed.durable, position) >= 0) return;
      const done = Promise.withResolvers<void>();
      const stop = feed.listen({ onNews: () => compare(feed.durable, position) >= 0 && done.resolve() });
      const give = () => done.reject(signal.reason);
      signal.addEventListener("abort", give, { once: true });
      await done.promise.finally(() => {
        stop();
        signal.removeEventListener("abort", give);
      });
    },
    follow(roomId, listener) {
      const asked = new AbortController();
      void followOn(roomId, listener, asked.signal);
      return () => asked.abort();
    },
    async find(roomId, cid) {
      const near = feeds.peek(roomId)?.ring.find(cid);
      const stored = near?.stored ?? (await archive.find(roomId, cid));
      return stored && entryOf(keep(stored));
    },
    setState: (roomId, key, value) => plane.set(roomId, key, value),
  };
}

/** Tries again until it works; undefined when given up. */
async function untilThere<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result | undefined> {
  while (!signal.aborted) {
    const result = await work().catch(() => undefined);
    if (result !== undefined) return result;
    await sleep(FOLLOW_RETRY_MS, undefined, { ref: false });
  }
  return undefined;
}

/** The entry without place and time, as the sequencer keeps it. */
function jsonOf({ id, name, role, avatar }: Author, { cid, kind, body, mediaMs }: Draft): string {
  const from: Author = { id, name, role, ...(avatar !== undefined && { avatar }) };
  const json = JSON.stringify({ cid, kind, from, ...(mediaMs !== undefined && { mediaMs }), body });
  if (Buffer.byteLength(json) > MAX_ENTRY_BYTES) throw new Error(`entry ${cid} is larger than an entry may be`);
  return json;
}

function publishedFrom([word, first = "", second = "", third = ""]: Reply): Published {
  switch (word) {
    case "ok":
    case "repeated":
      return { ok: true, gen: Number(first), seq: Number(second), atMs: Number(third), repeated: word === "repeated" };
    case "muted":
    case "banned":
      return { ok: false, code: word, untilMs: Number(first) };
    case "slow":
      return { ok: false, code: "slow", retryMs: Number(first) };
    case "mode":
      return { ok: false, code: "mode", hint: first };
    case "busy":
      return { ok: false, code: "busy", retryMs: 1_000 };
    case "unique":
    case "forbidden":
    case "stale-token":
    case "dup-other":
      return { ok: false, code: word };
    default:
      throw new RoomAway(`the sequencer answered ${word}`, { retryMs: 1_000 });
  }
}
