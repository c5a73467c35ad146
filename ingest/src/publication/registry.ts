import { randomUUID } from "node:crypto";
import type { Logger, Redis } from "@lianmai/process";
import type { Takeover } from "../contract.ts";
import type { Claims } from "./claims.ts";
import { keyHash, lookUpGrant } from "./grants.ts";
import type { AdmittedPublisher, PublisherSession } from "./publisher-session.ts";
import type { EndReason, RefusalReason } from "./reasons.ts";

/** Longest stream key looked at. */
const MAX_KEY_CHARACTERS = 256;
/** A session of the same key that has been silent this long is a half-open connection: its return is let in. */
export const HALF_OPEN_MS = 2_000;

export interface PublishRequest<Session> {
  readonly key: string;
  readonly logger: Logger;
  /** The only room that is wanted; without it, the key says which. */
  readonly room?: string;
  readonly make: MakeSession<Session>;
}

/** A host that has proved who it is otherwise than by a stream key. */
export interface HostRequest<Session> {
  readonly room: string;
  readonly userId: string;
  readonly takeover: Takeover;
  readonly logger: Logger;
  readonly make: MakeSession<Session>;
}

/** Makes the session of a publisher let in. */
export type MakeSession<Session> = (admitted: AdmittedPublisher, hooks: SessionHooks) => Session;

/** What a session tells its registry. */
export interface SessionHooks {
  readonly logger: Logger;
  /** Address readers are sent to for this session, without the token. */
  readonly sourceBaseUrl: string;
  /** The record is new or has changed. */
  readonly onAnnounce: () => void;
  /** Once, at the end, whoever ended it. */
  readonly onEnd: (reason: EndReason) => void;
}

export type Admission<Session> =
  | { readonly kind: "admitted"; readonly session: Session }
  | { readonly kind: "refused"; readonly reason: RefusalReason };

export interface RegistryOptions {
  readonly redis: Redis;
  readonly claims: Claims;
  readonly instanceId: string;
  readonly logger: Logger;
  readonly maxPublishers: number;
  readonly sourceBaseUrl: () => string;
  /** The session's record is new or has changed. */
  readonly onAnnounce: (session: PublisherSession) => void;
  readonly onEnd: (session: PublisherSession, reason: EndReason) => void;
}

/** A right to publish in a room, from whatever source. */
interface Claim {
  readonly room: string;
  readonly keyId: string;
  readonly label: string;
  readonly keyHash: string;
  readonly takeover: Takeover;
}

/** The live sessions of this process, and the decision who becomes one. */
export class Registry {
  readonly #options: RegistryOptions;
  readonly #sessions = new Map<string, PublisherSession>();
  #admitting = 0;
  #stopping = false;

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#sessions.size;
  }

  sessions(): PublisherSession[] {
    return [...this.#sessions.values()];
  }

  find(sessionId: string): PublisherSession | undefined {
    return this.#sessions.get(sessionId);
  }

  /** Decides on a stream key and, when it may publish, makes it the room's session. Never rejects. */
  admit<Session extends PublisherSession>(request: PublishRequest<Session>): Promise<Admission<Session>> {
    return this.#admit(() => this.#decide(request));
  }

  /** Makes a room's host its session. Never rejects. */
  admitHost<Session extends PublisherSession>(request: HostRequest<Session>): Promise<Admission<Session>> {
    const { room, userId, takeover } = request;
    const claim = { room, takeover, keyId: "host", label: "host", keyHash: `host:${userId}` };
    return this.#admit(() => this.#claim(request, claim));
  }

  /** Ends the live sessions that `which` picks. */
  end(which: (session: PublisherSession) => boolean, reason: EndReason): void {
    for (const session of this.sessions()) if (which(session)) session.end(reason);
  }

  /** Ends all, and admits no more. */
  stop(): void {
    this.#stopping = true;
    this.end(() => true, "ingest-stopping");
  }

  async #admit<Session>(decide: () => Promise<Admission<Session>>): Promise<Admission<Session>> {
    if (this.#stopping) return refused("unavailable");
    this.#admitting += 1;
    try {
      return await decide();
    } catch (error) {
      this.#options.logger.warn({ reason: String(error) }, "cannot claim a room");
      return refused("unavailable");
    } finally {
      this.#admitting -= 1;
    }
  }

  async #decide<Session extends PublisherSession>(request: PublishRequest<Session>): Promise<Admission<Session>> {
    if (request.key === "" || request.key.length > MAX_KEY_CHARACTERS) return refused("unknown-key");
    const hash = keyHash(request.key);
    const answer = await lookUpGrant(this.#options.redis, hash);
    if (answer.kind === "unavailable") {
      request.logger.warn({ reason: answer.why }, "cannot check a stream key");
      return refused("unavailable");
    }
    if (answer.kind === "unknown") return refused("unknown-key");
    const { grant } = answer;
    if (request.room !== undefined && request.room !== grant.room) return refused("unknown-key");
    if (grant.state !== "active") return refused(grant.state === "retired" ? "key-retired" : "key-revoked");
    return await this.#claim(request, { ...grant, keyHash: hash });
  }

  async #claim<Session extends PublisherSession>(
    request: { readonly logger: Logger; readonly make: MakeSession<Session> },
    claim: Claim,
  ): Promise<Admission<Session>> {
    const { claims, instanceId, maxPublishers } = this.#options;
    const rivals = this.sessions().filter((session) => session.room === claim.room);
    if (this.#sessions.size - rivals.length + this.#admitting > maxPublishers) return refused("server-full");
    const claimant = { room: claim.room, sessionId: randomUUID() };
    let result = await claims.take(claimant, { policy: claim.takeover });
    if (result.kind === "held" && result.instanceId === instanceId && this.#gone(result.sessionId, claim.keyHash)) {
      result = await claims.take(claimant, { policy: "refuse", staleSessionId: result.sessionId });
    }
    if (result.kind === "held") return refused("already-live");
    this.end((session) => session.room === claim.room, "taken-over");
    const session = this.#start(request, claim, claimant.sessionId);
    if (this.#stopping) session.end("ingest-stopping");
    return { kind: "admitted", session };
  }

  // A claim of ours without a session is left from a crash; one that is silent, from a broken connection.
  #gone(sessionId: string, hash: string): boolean {
    const session = this.#sessions.get(sessionId);
    return !session || (session.keyHash === hash && session.silentMs > HALF_OPEN_MS);
  }

  #start<Session extends PublisherSession>(
    request: { readonly logger: Logger; readonly make: MakeSession<Session> },
    claim: Claim,
    sessionId: string,
  ): Session {
    const { onAnnounce, onEnd, sourceBaseUrl } = this.#options;
    const { room, keyId, label, keyHash: hash } = claim;
    const logger = request.logger.child({ room, session: sessionId });
    const session: Session = request.make(
      { sessionId, room, keyId, keyHash: hash },
      {
        logger,
        sourceBaseUrl: sourceBaseUrl(),
        onAnnounce: () => onAnnounce(session),
        onEnd: (reason) => {
          this.#sessions.delete(sessionId);
          logger.info({ reason }, "session ended");
          onEnd(session, reason);
        },
      },
    );
    this.#sessions.set(sessionId, session);
    logger.info({ keyId, label }, "publisher admitted");
    return session;
  }
}

const refused = (reason: RefusalReason) => ({ kind: "refused", reason }) as const;
