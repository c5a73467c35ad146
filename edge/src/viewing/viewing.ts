import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import type { Clock, Logger, Redis } from "@lianmai/process";
import { type Change, readChange } from "./read-change.ts";
import { createRemovals, type Mark } from "./removals.ts";
import { readSecret } from "./secret.ts";
import { createViewerPasses, type ViewerPass, type ViewerPasses } from "./viewer-pass.ts";
import { createWatchers } from "./watchers.ts";

/** Hash of all removals by `ROOM SUBJECT`, and the channel that tells of changes; of the edge alone. */
const REMOVALS_REDIS_KEY = "edge:removals";
const REMOVALS_CHANNEL = "edge:removals";
const SWEEP_EVERY_MS = 10_000;
const KEY_FILE = "viewing.key";

/** Who may watch. One in each edge process; removals reach all of them within a round trip of Redis. */
export interface Viewing {
  readonly passes: ViewerPasses;
  /** Asked for each request of `/live`: when the viewer may come back, undefined for those who may watch. */
  removedUntil(room: string, request: IncomingMessage, playlist: boolean): number | undefined;
  untilFor(room: string, pass: ViewerPass | undefined, address: string): number | undefined;
  /** What a removal finds this viewer by. */
  marksOf(request: IncomingMessage): Mark[];
  /** Keeps a person out of a room's video, with all devices and addresses they were seen at. */
  remove(
    room: string,
    person: { readonly subject: string; readonly untilMs: number; readonly strict: boolean },
  ): Promise<void>;
  lift(room: string, subject: string): Promise<void>;
  /** A new device at an address: where it belongs to somebody kept out, it is kept out as well. */
  arrived(device: string, address: string): Promise<void>;
  /** A person got a token for the room's chat with this browser: whoever is kept out is so on this device too. */
  joined(subject: string, cookies: string | undefined, address: string): Promise<void>;
  stop(): void;
}

/**
 * Makes {@link Viewing}; `seed` answers the removals that the rooms' own state knows, asked at each connect. `onRemoval`
 * ends what goes on without asking again; it runs once the edges have been told.
 */
export function createViewing(parts: {
  readonly redis: Redis;
  readonly subscriber: Redis;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly dataDir: string;
  readonly addressOf: (request: IncomingMessage) => string;
  readonly seed: () => Promise<
    readonly { readonly room: string; readonly subject: string; readonly untilMs: number }[]
  >;
  readonly onRemoval: (room: string, marks: readonly Mark[]) => Promise<void>;
}): Viewing {
  const { redis, subscriber, clock, logger, addressOf, seed, onRemoval } = parts;
  const passes = createViewerPasses(readSecret(join(parts.dataDir, KEY_FILE)));
  const removals = createRemovals();
  const watchers = createWatchers();

  const take = (change: Change) => {
    if ("lifted" in change) {
      removals.lift(change.room, change.lifted);
      return;
    }
    removals.put(change);
    // other edges have seen other devices of the same person
    const more = watchers.marksOf(change.subject).filter((mark) => !change.marks.includes(mark));
    if (more.length > 0) void tell({ ...change, marks: [...change.marks, ...more] });
  };
  const tell = async (change: Change): Promise<void> => {
    if ("lifted" in change) removals.lift(change.room, change.lifted);
    else removals.put(change);
    if (redis.status !== "ready") return;
    const pipeline = redis.pipeline();
    const field = "lifted" in change ? `${change.room} ${change.lifted}` : `${change.room} ${change.subject}`;
    if ("lifted" in change) pipeline.hdel(REMOVALS_REDIS_KEY, field);
    else pipeline.hset(REMOVALS_REDIS_KEY, field, JSON.stringify(change));
    pipeline.publish(REMOVALS_CHANNEL, JSON.stringify(change));
    await pipeline.exec();
    if (!("marks" in change)) return;
    await onRemoval(change.room, change.marks).catch((error: unknown) =>
      logger.warn({ err: error, room: change.room }, "what somebody removed watches could not be ended"),
    );
  };
  const load = async () => {
    for (const { room, subject, untilMs } of await seed()) {
      if (removals.all().some((known) => known.room === room && known.subject === subject)) continue;
      removals.put({ room, subject, untilMs, marks: watchers.marksOf(subject), strict: false });
    }
    for (const text of Object.values(await redis.hgetall(REMOVALS_REDIS_KEY))) {
      const known = readChange(text);
      if (known && "marks" in known) removals.put(known);
    }
  };
  const connected = () => void load().catch((error) => logger.warn({ err: error }, "removals could not be read"));
  const heard = (channel: string, text: string) => {
    const change = channel === REMOVALS_CHANNEL ? readChange(text) : undefined;
    if (change) take(change);
  };
  const sweeper = setInterval(() => {
    const nowMs = clock.wallMs();
    const over = removals.all().filter(({ untilMs }) => untilMs <= nowMs);
    removals.sweep(nowMs);
    if (over.length === 0 || redis.status !== "ready") return;
    void redis
      .hdel(REMOVALS_REDIS_KEY, ...over.map(({ room, subject }) => `${room} ${subject}`))
      .catch(() => undefined);
  }, SWEEP_EVERY_MS).unref();
  redis.on("ready", connected);
  subscriber.on("message", heard);
  void subscriber.subscribe(REMOVALS_CHANNEL).catch(() => undefined);
  if (redis.status === "ready") connected();

  const untilFor = (room: string, pass: ViewerPass | undefined, address: string) =>
    removals.untilFor(room, pass, address, clock.wallMs());
  return {
    passes,
    untilFor,
    marksOf(request) {
      const pass = passes.fromCookies(request.headers.cookie);
      if (!pass) return [`a:${addressOf(request)}`];
      return [`d:${pass.device}`, ...(pass.userId === "" ? [] : [`u:${pass.userId}` as const])];
    },
    removedUntil(room, request, playlist) {
      const pass = passes.fromCookies(request.headers.cookie);
      const address = addressOf(request);
      if (playlist) watchers.saw(pass, address);
      return untilFor(room, pass, address);
    },
    remove: (room, { subject, untilMs, strict }) =>
      tell({
        room,
        subject,
        untilMs,
        strict,
        marks: watchers.marksOf(subject),
      }),
    lift: (room, subject) => tell({ room, lifted: subject }),
    async arrived(device, address) {
      for (const removal of removals.strictAt(address, clock.wallMs())) {
        await tell({ ...removal, marks: [...removal.marks, `d:${device}`] });
      }
    },
    async joined(subject, cookies, address) {
      const pass = passes.fromCookies(cookies);
      if (!pass) return;
      watchers.saw({ device: pass.device, userId: subject }, address);
      for (const removal of removals.all()) {
        if (removal.subject !== subject || removal.marks.includes(`d:${pass.device}`)) continue;
        await tell({ ...removal, marks: [...removal.marks, `d:${pass.device}`] });
      }
    },
    stop() {
      clearInterval(sweeper);
      redis.off("ready", connected);
      subscriber.off("message", heard);
    },
  };
}
