import type { Clock, Logger, Redis } from "@lianmai/process";
import {
  PROGRAMS_REDIS_KEY,
  type ProgramRecord,
  programRecordSchema,
  programRedisKey,
  TRANSCODE_EVENTS_CHANNEL,
} from "@lianmai/transcode/contract";
import { Compile } from "typebox/compile";

/** The newest program of each room, in memory; the last known one while Redis is away. */
export interface ProgramView {
  /** The room's newest program, ended ones included. */
  get(room: string): ProgramRecord | undefined;
  /** The room's program if it is on air, i.e. live or interrupted. */
  onAir(room: string): ProgramRecord | undefined;
  /** All programs on air, newest first. */
  allOnAir(): readonly ProgramRecord[];
  /** True once Redis has been read. */
  known(): boolean;
  /** Calls back after each change of a room's program; one listener per collaborator, for the view's life. */
  onChange(listener: (room: string) => void): void;
  stop(): Promise<void>;
}

/** Events may be lost; the set of programs is read anew this often. */
export const PROGRAM_POLL_MS = 1_000;
/** A record that its transcode process has not renewed for this long is no longer on air. */
const STALE_AFTER_MS = 90_000;
/** Ended programs are kept so long for viewers who are still playing to the end. */
const KEEP_ENDED_MS = 10 * 60_000;

const validator = Compile(programRecordSchema);

/** Reads a record's text; undefined when it is not one. */
export function parseProgram(text: string | null): ProgramRecord | undefined {
  if (text === null) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return validator.Check(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether `next` replaces `current`: a higher epoch does, within one the later word. */
export function replaces(next: ProgramRecord, current: ProgramRecord | undefined): boolean {
  if (!current) return true;
  if (next.epoch !== current.epoch && next.programId === current.programId) return next.epoch > current.epoch;
  return next.updatedAtMs >= current.updatedAtMs;
}

/** Follows transcode's events and polls its set; `subscriber` is a connection of its own. */
export function createProgramView(parts: {
  readonly redis: Redis;
  readonly subscriber: Redis;
  readonly clock: Clock;
  readonly logger: Logger;
}): ProgramView {
  const { redis, subscriber, clock, logger } = parts;
  const programs = new Map<string, ProgramRecord>();
  const listeners: ((room: string) => void)[] = [];
  // while Redis is away time stands still: nothing goes stale for want of news
  let lastReadMs = 0;
  let polling = false;

  const take = (next: ProgramRecord | undefined) => {
    if (!next) return;
    const current = programs.get(next.room);
    if (!replaces(next, current)) return;
    programs.set(next.room, next);
    const moved = current?.at !== next.at || current.programId !== next.programId;
    if (moved) logger.info({ room: next.room, program: next.programId, at: next.at }, "program");
    if (!moved && current.epoch === next.epoch && current.shed.length === next.shed.length) return;
    for (const listener of listeners) listener(next.room);
  };
  const forgetEnded = () => {
    for (const [room, { at, sinceMs }] of programs) {
      if (at === "ended" && clock.wallMs() - sinceMs > KEEP_ENDED_MS) programs.delete(room);
    }
  };
  const readAll = async () => {
    const rooms = new Set(await redis.smembers(PROGRAMS_REDIS_KEY));
    // programs that left the set: their record says how they ended
    for (const [room, { at }] of programs) if (at !== "ended") rooms.add(room);
    const texts = rooms.size > 0 ? await redis.mget([...rooms].map(programRedisKey)) : [];
    for (const text of texts) take(parseProgram(text));
  };
  const poll = async () => {
    if (polling || redis.status !== "ready") return;
    polling = true;
    try {
      await readAll();
      forgetEnded();
      lastReadMs = clock.wallMs();
    } catch (error) {
      logger.debug({ err: error }, "programs could not be read");
    } finally {
      polling = false;
    }
  };
  const onMessage = (channel: string, text: string) => {
    if (channel !== TRANSCODE_EVENTS_CHANNEL) return;
    take(parseEvent(text));
  };
  const onReady = () => void poll();
  subscriber.on("message", onMessage);
  void subscriber.subscribe(TRANSCODE_EVENTS_CHANNEL).catch(() => undefined);
  redis.on("ready", onReady);
  onReady();
  const timer = setInterval(onReady, PROGRAM_POLL_MS).unref();

  const isOnAir = ({ at, updatedAtMs }: ProgramRecord) => at !== "ended" && lastReadMs - updatedAtMs < STALE_AFTER_MS;
  const onAir = (room: string) => {
    const program = programs.get(room);
    return program && isOnAir(program) ? program : undefined;
  };
  return {
    get: (room) => programs.get(room),
    onAir,
    allOnAir: () =>
      [...programs.values()]
        .filter(isOnAir)
        .sort((a, b) => b.startedAtMs - a.startedAtMs || (a.room < b.room ? -1 : 1)),
    known: () => lastReadMs > 0,
    onChange: (listener) => void listeners.push(listener),
    async stop() {
      clearInterval(timer);
      redis.off("ready", onReady);
      subscriber.off("message", onMessage);
    },
  };
}

function parseEvent(text: string): ProgramRecord | undefined {
  try {
    const event: unknown = JSON.parse(text);
    const isProgram = typeof event === "object" && event !== null && "program" in event;
    return isProgram && validator.Check(event.program) ? event.program : undefined;
  } catch {
    return undefined;
  }
}
