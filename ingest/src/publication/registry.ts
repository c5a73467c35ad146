import { randomUUID } from "node:crypto";
import type { Clock, Logger, Redis } from "@lianmai/process";
import type { Publication, StreamKeyGrant } from "../contract.ts";
import type { IngestMetrics } from "../metrics.ts";
import type { Claims } from "./claims.ts";
import { keyHash, lookUpGrant } from "./grants.ts";
import { LiveSession } from "./live-session.ts";
import type { EndReason, RefusalReason } from "./reasons.ts";

/** Longest stream key looked at. */
const MAX_KEY_CHARACTERS = 256;
/** A session of the same key that has been silent this long is a half-open connection: its return is let in. */
export const HALF_OPEN_MS = 2_000;

export interface PublishRequest {
  readonly key: string;
  readonly protocol: Publication["protocol"];
  readonly logger: Logger;
}

export type Admission =
  | { readonly kind: "admitted"; readonly session: LiveSession }
  | { readonly kind: "refused"; readonly reason: RefusalReason };

export interface RegistryOptions {
  readonly redis: Redis;
  readonly claims: Claims;
  readonly instanceId: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: IngestMetrics;
  readonly maxPublishers: number;
  readonly sourceBaseUrl: () => string;
  /** The session's record is new or has changed. */
  readonly onAnnounce: (session: LiveSession) => void;
  readonly onEnd: (session: LiveSession, reason: EndReason) => void;
}

/** The live sessions of this process, and the decision who becomes one. */
export class Registry {
  readonly #options: RegistryOptions;
  readonly #sessions = new Map<string, LiveSession>();
  #admitting = 0;
  #stopping = false;

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#sessions.size;
  }

  sessions(): LiveSession[] {
    return [...this.#sessions.values()];
  }

  find(sessionId: string): LiveSession | undefined {
    return this.#sessions.get(sessionId);
  }

  /** Decides on a stream key and, when it may publish, makes it the room's session. Never rejects. */
  async admit(request: PublishRequest): Promise<Admission> {
    if (this.#stopping) return { kind: "refused", reason: "unavailable" };
    this.#admitting += 1;
    try {
      return await this.#decide(request);
    } catch (error) {
      this.#options.logger.warn({ reason: String(error) }, "cannot claim a room");
      return { kind: "refused", reason: "unavailable" };
    } finally {
      this.#admitting -= 1;
    }
  }

  /** Ends the live sessions that `which` picks. */
  end(which: (session: LiveSession) => boolean, reason: EndReason): void {
    for (const session of this.sessions()) if (which(session)) session.end(reason);
  }

  /** Ends all, and admits no more. */
  stop(): void {
    this.#stopping = true;
    this.end(() => true, "ingest-stopping");
  }

  async #decide(request: PublishRequest): Promise<Admission> {
    const { redis, maxPublishers } = this.#options;
    const refused = (reason: RefusalReason): Admission => ({ kind: "refused", reason });
    if (request.key === "" || request.key.length > MAX_KEY_CHARACTERS) return refused("unknown-key");
    const hash = keyHash(request.key);
    const answer = await lookUpGrant(redis, hash);
    if (answer.kind === "unavailable") {
      request.logger.warn({ reason: answer.why }, "cannot check a stream key");
      return refused("unavailable");
    }
    if (answer.kind === "unknown") return refused("unknown-key");
    const { grant } = answer;
    if (grant.state !== "active") return refused(grant.state === "retired" ? "key-retired" : "key-revoked");
    const rivals = this.sessions().filter((session) => session.room === grant.room);
    if (this.#sessions.size - rivals.length + this.#admitting > maxPublishers) return refused("server-full");
    return await this.#claim(request, grant, hash);
  }

  async #claim(request: PublishRequest, grant: StreamKeyGrant, hash: string): Promise<Admission> {
    const { claims, instanceId } = this.#options;
    const claimant = { room: grant.room, sessionId: randomUUID() };
    let result = await claims.take(claimant, { policy: grant.takeover });
    if (result.kind === "held" && result.instanceId === instanceId && this.#gone(result.sessionId, hash)) {
      result = await claims.take(claimant, { policy: "refuse", staleSessionId: result.sessionId });
    }
    if (result.kind === "held") return { kind: "refused", reason: "already-live" };
    this.end((session) => session.room === grant.room, "taken-over");
    const session = this.#start(request, { grant, hash, sessionId: claimant.sessionId });
    if (this.#stopping) session.end("ingest-stopping");
    return { kind: "admitted", session };
  }

  // A claim of ours without a session is left from a crash; one that is silent, from a broken connection.
  #gone(sessionId: string, hash: string): boolean {
    const session = this.#sessions.get(sessionId);
    return !session || (session.keyHash === hash && session.silentMs > HALF_OPEN_MS);
  }

  #start(
    request: PublishRequest,
    made: { readonly grant: StreamKeyGrant; readonly hash: string; readonly sessionId: string },
  ): LiveSession {
    const { clock, metrics, onAnnounce, onEnd, sourceBaseUrl } = this.#options;
    const { grant, hash, sessionId } = made;
    const logger = request.logger.child({ room: grant.room, session: sessionId });
    const session: LiveSession = new LiveSession({
      sessionId,
      grant,
      keyHash: hash,
      protocol: request.protocol,
      clock,
      logger,
      metrics,
      sourceBaseUrl: sourceBaseUrl(),
      onAnnounce: () => onAnnounce(session),
      onEnd: (reason) => {
        this.#sessions.delete(sessionId);
        logger.info({ reason }, "session ended");
        onEnd(session, reason);
      },
    });
    this.#sessions.set(sessionId, session);
    logger.info({ keyId: grant.keyId, label: grant.label }, "publisher admitted");
    return session;
  }
}
