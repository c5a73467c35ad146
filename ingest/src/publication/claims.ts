import { readFileSync } from "node:fs";
import type { Redis } from "@lianmai/process";
import {
  INGEST_EVENTS_CHANNEL,
  PUBLICATION_TTL_MS,
  PUBLICATIONS_REDIS_KEY,
  type Publication,
  publicationRedisKey,
  type Takeover,
} from "../contract.ts";
import type { EndReason } from "./reasons.ts";

/** A claim's holder: a session, and the ingest installation it lives in. */
export interface Claimant {
  readonly room: string;
  readonly sessionId: string;
}

export type TakeResult =
  | { readonly kind: "taken"; readonly previousSessionId: string | undefined }
  | { readonly kind: "held"; readonly sessionId: string; readonly instanceId: string };

/** Which session may publish in a room; every method rejects when Redis is away. */
export interface Claims {
  /** `staleSessionId`: a holder known to be gone, passed over whatever the policy. */
  take(
    claimant: Claimant,
    options: { readonly policy: Takeover; readonly staleSessionId?: string },
  ): Promise<TakeResult>;
  /** Keeps the claim, and the record once there is one. False: another session holds the room. */
  renew(claimant: Claimant, publication: Publication | undefined): Promise<boolean>;
  release(claimant: Claimant, options: { readonly reason: EndReason; readonly announced: boolean }): Promise<void>;
  /** Frees rooms that an earlier run of this installation left claimed. Answers how many. */
  dropStale(aliveSessionIds: readonly string[]): Promise<number>;
}

/** Redis: hash `session`, `instance`; who may publish in a room. Expires unless renewed. */
export const claimRedisKey = (room: string): string => `ingest:claim:${room}`;

const script = (name: string): string => readFileSync(new URL(name, import.meta.url), "utf8");
const TAKE = script("./take-claim.lua");
const RENEW = script("./renew-claim.lua");
const RELEASE = script("./release-claim.lua");
const DROP_STALE = script("./drop-stale.lua");

/** Claims of one ingest installation. */
export function createClaims(redis: Redis, options: { readonly instanceId: string }): Claims {
  const { instanceId } = options;
  const keys = (room: string) => [claimRedisKey(room), publicationRedisKey(room), PUBLICATIONS_REDIS_KEY] as const;

  return {
    async take({ room, sessionId }, { policy, staleSessionId = "" }) {
      const [claim, publication] = keys(room);
      const answer = await redis.eval(
        TAKE,
        2,
        claim,
        publication,
        sessionId,
        instanceId,
        policy,
        PUBLICATION_TTL_MS,
        room,
        INGEST_EVENTS_CHANNEL,
        staleSessionId,
      );
      const [taken, session, instance] = takeAnswer(answer);
      if (!taken) return { kind: "held", sessionId: session, instanceId: instance };
      return { kind: "taken", previousSessionId: session || undefined };
    },

    async renew({ room, sessionId }, publication) {
      const record = publication ? JSON.stringify(publication) : "";
      const answer = await redis.eval(
        RENEW,
        3,
        ...keys(room),
        sessionId,
        instanceId,
        PUBLICATION_TTL_MS,
        room,
        INGEST_EVENTS_CHANNEL,
        record,
      );
      return answer === 1;
    },

    async release({ room, sessionId }, { reason, announced }) {
      const flag = announced ? "1" : "0";
      await redis.eval(RELEASE, 3, ...keys(room), sessionId, room, INGEST_EVENTS_CHANNEL, reason, flag);
    },

    async dropStale(aliveSessionIds) {
      const reason: EndReason = "ingest-restarted";
      const rooms = await redis.smembers(PUBLICATIONS_REDIS_KEY);
      let dropped = 0;
      for (const room of rooms) {
        const fixed = [instanceId, room, INGEST_EVENTS_CHANNEL, reason];
        dropped += Number(await redis.eval(DROP_STALE, 3, ...keys(room), ...fixed, ...aliveSessionIds));
      }
      return dropped;
    },
  };
}

function takeAnswer(answer: unknown): [taken: boolean, session: string, instance: string] {
  const [taken, session, instance] = Array.isArray(answer) ? answer : [];
  return [taken === 1, String(session ?? ""), String(instance ?? "")];
}
