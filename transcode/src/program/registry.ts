/** Follows ingest's publications and keeps one program session per room that this instance holds the lease of. */
import {
  INGEST_EVENTS_CHANNEL,
  type IngestEvent,
  PUBLICATIONS_REDIS_KEY,
  type Publication,
  publicationRedisKey,
  publicationSchema,
} from "@lianmai/ingest/contract";
import { type ProgramFeedRecord, programFeedRedisKey } from "@lianmai/ingest/program-feed";
import { STAGE_EVENTS_CHANNEL, stageRedisKey, stageSchema } from "@lianmai/ingest/stage";
import type { Logger, Redis } from "@lianmai/process";
import { Value } from "typebox/value";
import {
  layoutChoiceRedisKey,
  PROGRAMS_REDIS_KEY,
  type ProgramRecord,
  programRecordSchema,
  programRedisKey,
  type RoomSettings,
  roomSettingsRedisKey,
  roomSettingsSchema,
  TRANSCODE_COMMANDS_CHANNEL,
  TRANSCODE_EVENTS_CHANNEL,
  type TranscodeCommand,
  transcodeCommandSchema,
} from "../contract.ts";
import { layoutChoiceSchema } from "../layout/document.ts";
import { claimProgram, LEASE_TTL_MS, releaseProgram, renewProgram } from "./claim-program.ts";
import { feedPath } from "./feed-routes.ts";
import { RoomRests } from "./room-rests.ts";
import type { ProgramSession } from "./session.ts";

/** Publications are looked through this often, in case an event was missed. */
const SCAN_MS = 1_000;
/** Programs at once on one instance; further publications wait. */
const MAX_PROGRAMS = 64;
/** Where a feed is to be had is written each second and forgotten after this. */
const FEED_TTL_MS = 5_000;
/** A program record outlives its last change by the grace period and this. */
const RECORD_SLACK_MS = 60_000;

export interface RegistryOptions {
  readonly redis: Redis;
  readonly subscriber: Redis;
  /** Name of this instance, stable over restarts, so that it takes its own leases back at once. */
  readonly instance: string;
  readonly logger: Logger;
  readonly createSession: (options: {
    readonly room: string;
    readonly epoch: number;
    readonly settings: RoomSettings;
    readonly resume: ProgramRecord | null;
    readonly onRecord: (record: ProgramRecord) => void;
  }) => ProgramSession;
}

export class ProgramRegistry {
  readonly #options: RegistryOptions;
  readonly #sessions = new Map<string, ProgramSession>();
  readonly #starting = new Set<string>();
  readonly #rests = new RoomRests();
  readonly #timers: NodeJS.Timeout[] = [];
  #takenUp = false;
  #closed = false;

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  get sessions(): ReadonlyMap<string, ProgramSession> {
    return this.#sessions;
  }

  /** Begins to follow; programs that a former process left are taken up first. */
  async start(): Promise<void> {
    const { subscriber } = this.#options;
    subscriber.on("message", (channel: string, text: string) => this.#message(channel, text));
    await subscriber.subscribe(INGEST_EVENTS_CHANNEL, STAGE_EVENTS_CHANNEL, TRANSCODE_COMMANDS_CHANNEL);
    await this.#attempt(() => this.#scan());
    this.#timers.push(setInterval(() => void this.#attempt(() => this.#scan()), SCAN_MS));
    this.#timers.push(setInterval(() => void this.#renewAll(), LEASE_TTL_MS / 3));
  }

  /** Stops every session; their programs are left for the next process. */
  async stop(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all([...this.#sessions.values()].map((session) => session.close("shutdown")));
  }

  async #attempt(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      // Redis is away: running programs go on, new ones wait for the next scan.
      this.#options.logger.debug({ err: error }, "redis could not be asked");
    }
  }

  #message(channel: string, text: string): void {
    const value = parseJson(text);
    if (channel === INGEST_EVENTS_CHANNEL) this.#ingestEvent(value as IngestEvent);
    if (channel === STAGE_EVENTS_CHANNEL) this.#stageEvent(value as { readonly stage?: unknown } | null);
    if (channel === TRANSCODE_COMMANDS_CHANNEL && Value.Check(transcodeCommandSchema, value)) this.#command(value);
  }

  #command(command: TranscodeCommand): void {
    const session = this.#sessions.get(command.room);
    if (!session) return;
    switch (command.kind) {
      case "end-program":
        void session.close("ended-by-command");
        break;
      case "settings-changed":
        void this.#attempt(async () => session.settings(await this.#settings(command.room)));
        break;
      case "layout-changed":
        void this.#attempt(() => this.#stage(command.room, session));
        break;
    }
  }

  #stageEvent(event: { readonly stage?: unknown } | null): void {
    const stage = event?.stage;
    if (Value.Check(stageSchema, stage)) this.#sessions.get(stage.room)?.director.stage(stage);
  }

  /** Reads a room's stage and chosen layout, at the start and in case an event was missed. */
  async #stage(room: string, session: ProgramSession): Promise<void> {
    const [stage, choice] = await this.#options.redis.mget(stageRedisKey(room), layoutChoiceRedisKey(room));
    const read = parseJson(stage ?? null);
    if (Value.Check(stageSchema, read)) session.director.stage(read);
    const wanted = parseJson(choice ?? null);
    session.director.layout(Value.Check(layoutChoiceSchema, wanted) ? wanted : { kind: "auto" });
  }

  #ingestEvent(event: IngestEvent | null): void {
    if (event?.kind === "published" && Value.Check(publicationSchema, event.publication)) {
      void this.#attempt(() => this.#publication(event.publication));
    }
    if (event?.kind === "unpublished") this.#sessions.get(event.room)?.unpublished(event.sessionId, event.reason);
  }

  /** Programs whose process died: their rooms are claimed at once, publisher or not. */
  async #takeUp(): Promise<void> {
    for (const room of await this.#options.redis.smembers(PROGRAMS_REDIS_KEY)) {
      const record = await this.#lastRecord(room);
      const settings = await this.#settings(room);
      if (record && Date.now() - record.updatedAtMs < settings.graceMs + HEARTBEAT_SLACK_MS) await this.#open(room);
      else if (record) await this.#announce({ ...record, at: "ended", sinceMs: Date.now() });
      else await this.#options.redis.srem(PROGRAMS_REDIS_KEY, room);
    }
  }

  async #scan(): Promise<void> {
    const { redis } = this.#options;
    if (!this.#takenUp) await this.#takeUp();
    this.#takenUp = true;
    this.#rests.forget(Date.now());
    const rooms = await redis.smembers(PUBLICATIONS_REDIS_KEY);
    const texts = rooms.length > 0 ? await redis.mget(rooms.map(publicationRedisKey)) : [];
    const publications = texts.map(parseJson).filter((value) => Value.Check(publicationSchema, value));
    for (const publication of publications) await this.#publication(publication);
    const current = new Map(publications.map((publication) => [publication.room, publication.sessionId]));
    for (const [room, session] of this.#sessions) {
      // A record that ran out while its event was missed; a mixer still fed by the source says otherwise.
      const sourceId = session.sourceId;
      await this.#attempt(() => this.#stage(room, session));
      if (sourceId && current.get(room) !== sourceId && session.record?.at !== "live") {
        session.unpublished(sourceId, "publication ran out");
      }
    }
  }

  async #publication(publication: Publication): Promise<void> {
    const session = this.#sessions.get(publication.room) ?? (await this.#open(publication.room));
    session?.published(publication);
  }

  async #open(room: string): Promise<ProgramSession | null> {
    const { redis, instance, logger } = this.#options;
    if (this.#closed || this.#starting.has(room) || this.#sessions.size >= MAX_PROGRAMS) return null;
    if (this.#rests.isResting(room, Date.now())) return null;
    this.#starting.add(room);
    try {
      const epoch = await claimProgram(redis, room, instance);
      if (epoch === null) return null;
      const [settings, last] = await Promise.all([this.#settings(room), this.#lastRecord(room)]);
      const fresh = last && Date.now() - last.updatedAtMs < settings.graceMs + HEARTBEAT_SLACK_MS;
      const session = this.#options.createSession({
        ...{ room, epoch, settings },
        resume: fresh ? last : null,
        onRecord: (record) => void this.#attempt(() => this.#announce(record)),
      });
      this.#sessions.set(room, session);
      await this.#attempt(() => this.#stage(room, session));
      void session.ended.then(async (reason) => {
        this.#sessions.delete(room);
        this.#rests.ended(room, { hadPicture: reason !== "no-picture", nowMs: Date.now() });
        if (reason !== "lease-lost") await this.#attempt(() => releaseProgram(redis, room, instance));
      });
      return session;
    } catch (error) {
      logger.warn({ room, err: error }, "program could not be opened");
      return null;
    } finally {
      this.#starting.delete(room);
    }
  }

  async #renewAll(): Promise<void> {
    for (const [room, session] of this.#sessions) {
      await this.#attempt(async () => {
        if (!(await renewProgram(this.#options.redis, room, this.#options.instance))) await session.close("lease-lost");
      });
    }
  }

  async #announce(record: ProgramRecord): Promise<void> {
    const { redis } = this.#options;
    const ended = record.at === "ended";
    const feed = this.#feedOf(record);
    const change = redis.multi();
    if (feed) change.set(programFeedRedisKey(record.room), JSON.stringify(feed), "PX", FEED_TTL_MS);
    await change
      .set(programRedisKey(record.room), JSON.stringify(record), "PX", 600_000 + RECORD_SLACK_MS)
      [ended ? "srem" : "sadd"](PROGRAMS_REDIS_KEY, record.room)
      .publish(TRANSCODE_EVENTS_CHANNEL, JSON.stringify({ kind: "program", program: record }))
      .exec();
  }

  #feedOf({ room, originUrl, programId, at }: ProgramRecord): ProgramFeedRecord | null {
    const feed = at === "ended" ? undefined : this.#sessions.get(room)?.chain?.feed;
    return feed ? { url: `${originUrl}${feedPath(programId)}?token=${feed.token}` } : null;
  }

  /** The room's newest program, if it has not ended. */
  async #lastRecord(room: string): Promise<ProgramRecord | null> {
    const value = parseJson(await this.#options.redis.get(programRedisKey(room)));
    return Value.Check(programRecordSchema, value) && value.at !== "ended" ? value : null;
  }

  async #settings(room: string): Promise<RoomSettings> {
    const value = Value.Default(
      roomSettingsSchema,
      parseJson(await this.#options.redis.get(roomSettingsRedisKey(room))) ?? {},
    );
    return Value.Check(roomSettingsSchema, value) ? value : (Value.Create(roomSettingsSchema) as RoomSettings);
  }
}

/** Records are renewed each second; a little older still counts as running. */
const HEARTBEAT_SLACK_MS = 5_000;

function parseJson(text: string | null): unknown {
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
