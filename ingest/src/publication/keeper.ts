import type { Clock, Logger, Redis } from "@lianmai/process";
import { Value } from "typebox/value";
import {
  healthRedisKey,
  INGEST_COMMANDS_CHANNEL,
  INGEST_EVENTS_CHANNEL,
  type IngestHealth,
  ingestCommandSchema,
} from "../contract.ts";
import type { Claims } from "./claims.ts";
import { lookUpGrants } from "./grants.ts";
import type { PublisherSession } from "./publisher-session.ts";
import type { EndReason } from "./reasons.ts";
import type { Registry } from "./registry.ts";

/** How often claims, grants and health are gone through. */
export const KEEP_INTERVAL_MS = 1_000;
/** How long a room's health stays after its session. */
export const HEALTH_KEPT_SECONDS = 3_600;
/** Ends that could not be told to Redis: how many are kept to be told later, and how long. */
const UNTOLD_ENDS = 64;
const UNTOLD_MS = 60_000;

interface UntoldEnd {
  readonly session: PublisherSession;
  /** As it was at the end. */
  readonly health: IngestHealth;
  readonly reason: EndReason;
  readonly atMs: number;
}

/**
 * Keeps Redis and the live sessions in step: claims and records renewed, health written, revoked keys and lost
 * claims acted on. While Redis is away the sessions simply go on, and are claimed again when it is back.
 */
export class Keeper {
  readonly #redis: Redis;
  readonly #claims: Claims;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #registry: Registry | undefined;
  #timer: NodeJS.Timeout | undefined;
  #keeping = false;
  #staleDropped = false;
  #untold: UntoldEnd[] = [];
  /** Ends now being told; awaited by {@link stop}. */
  readonly #telling = new Set<Promise<void>>();

  constructor(options: {
    readonly redis: Redis;
    readonly claims: Claims;
    readonly clock: Clock;
    readonly logger: Logger;
  }) {
    this.#redis = options.redis;
    this.#claims = options.claims;
    this.#clock = options.clock;
    this.#logger = options.logger;
  }

  start(registry: Registry): void {
    this.#registry = registry;
    this.#timer = setInterval(() => void this.#keep(), KEEP_INTERVAL_MS);
    void this.#keep();
  }

  /** Goes through everything now: Redis is back. */
  wake(): void {
    void this.#keep();
  }

  /** Tells the ends still on their way. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.allSettled(this.#telling);
  }

  /** Writes a session's record at once. */
  announce(session: PublisherSession): void {
    this.#renew(session).catch((error: Error) =>
      this.#logger.warn({ reason: error.message }, "announcement waits for redis"),
    );
  }

  /** Frees the session's room and tells its end. */
  ended(session: PublisherSession, reason: EndReason): void {
    const told = this.#tell({ session, reason, health: session.health(), atMs: this.#clock.monotonicMs() });
    this.#telling.add(told);
    void told.finally(() => this.#telling.delete(told));
  }

  /** Acts on a message of the subscribed channels. */
  message(channel: string, text: string): void {
    const registry = this.#registry;
    const message = parse(text);
    if (!registry || message === undefined) return;
    if (channel === INGEST_COMMANDS_CHANNEL && Value.Check(ingestCommandSchema, message)) {
      if (message.kind === "end-room") {
        this.#logger.info({ room: message.room, reason: message.reason }, "room ended by command");
        registry.end((session) => session.room === message.room, "room-ended");
      } else void this.#checkGrants(registry.sessions().filter((session) => session.keyHash === message.keyHash));
    } else if (channel === INGEST_EVENTS_CHANNEL && isTakeover(message)) {
      // Another ingest process took the room over and has announced the end.
      registry.find(message.sessionId)?.end("taken-over");
    }
  }

  async #keep(): Promise<void> {
    const registry = this.#registry;
    if (!registry || this.#keeping || this.#redis.status !== "ready") return;
    this.#keeping = true;
    try {
      await this.#dropStale(registry);
      await this.#tellUntold();
      const sessions = registry.sessions();
      const results = await Promise.allSettled([
        this.#checkGrants(sessions),
        ...sessions.map((session) => this.#renew(session)),
        ...sessions.map((session) => this.#writeHealth(session.health())),
      ]);
      const failed = results.find((result) => result.status === "rejected");
      if (failed) this.#logger.debug({ reason: String(failed.reason) }, "redis did not take everything");
    } catch (error) {
      this.#logger.debug({ reason: String(error) }, "redis did not take everything");
    } finally {
      this.#keeping = false;
    }
  }

  async #dropStale(registry: Registry): Promise<void> {
    if (this.#staleDropped) return;
    const dropped = await this.#claims.dropStale(registry.sessions().map((session) => session.sessionId));
    this.#staleDropped = true;
    if (dropped > 0) this.#logger.info({ rooms: dropped }, "freed rooms held by an earlier run");
  }

  async #renew(session: PublisherSession): Promise<void> {
    if (session.ended) return;
    const ours = await this.#claims.renew(session, session.publication());
    if (!ours) session.end("taken-over");
    // Ended while the renewal was on its way: the claim must not come back to life.
    else if (session.ended) await this.#claims.release(session, { reason: session.ended, announced: false });
  }

  async #writeHealth(health: IngestHealth): Promise<void> {
    await this.#redis.set(healthRedisKey(health.room), JSON.stringify(health), "EX", HEALTH_KEPT_SECONDS);
  }

  async #checkGrants(sessions: readonly PublisherSession[]): Promise<void> {
    const answers = await lookUpGrants(
      this.#redis,
      sessions.map((session) => session.keyHash),
    ).catch(() => []);
    for (const [i, answer] of answers.entries()) {
      // A record that is missing or unreadable ends nothing: Redis may have been emptied.
      if (answer.kind === "known" && answer.grant.state === "revoked") sessions[i]?.end("key-revoked");
    }
  }

  async #tell(end: UntoldEnd): Promise<void> {
    const { session, reason, health } = end;
    try {
      if (reason !== "taken-over") await this.#writeHealth(health);
      await this.#claims.release(session, { reason, announced: session.publication() !== undefined });
    } catch {
      this.#untold = [...this.#untold, end].slice(-UNTOLD_ENDS);
    }
  }

  async #tellUntold(): Promise<void> {
    const waiting = this.#untold;
    this.#untold = [];
    const oldestMs = this.#clock.monotonicMs() - UNTOLD_MS;
    for (const end of waiting) if (end.atMs >= oldestMs) await this.#tell(end);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isTakeover(message: unknown): message is { readonly sessionId: string } {
  if (typeof message !== "object" || message === null) return false;
  const { kind, reason, sessionId } = message as Readonly<Record<string, unknown>>;
  return kind === "unpublished" && reason === "taken-over" && typeof sessionId === "string";
}
