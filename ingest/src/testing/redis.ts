import {
  type TestRedis as Redis,
  silentLogger,
  startTestRedis as startRedis,
} from "@lianmai/process/testing/redis-server";
import { grantRedisKey, INGEST_EVENTS_CHANNEL, type IngestEvent, type StreamKeyGrant } from "../contract.ts";
import { keyHash } from "../publication/grants.ts";

export { eventually, freePort } from "@lianmai/process/testing/redis-server";
export { silentLogger };

/** A Redis that hears ingest's events and gives grants. */
export interface TestRedis extends Omit<Redis, "subscriber"> {
  /** Events heard since the start. */
  readonly events: IngestEvent[];
  grant(key: string, grant: Partial<StreamKeyGrant> & { readonly room: string }): Promise<void>;
}

/** Starts a redis-server, on a free port unless told. */
export async function startTestRedis(options: { readonly port?: number } = {}): Promise<TestRedis> {
  const redis = await startRedis(options);
  const events: IngestEvent[] = [];
  redis.subscriber.on("message", (_channel: string, text: string) => events.push(JSON.parse(text)));
  await redis.subscriber.subscribe(INGEST_EVENTS_CHANNEL);
  return {
    ...redis,
    events,
    async grant(key, { room, ...rest }) {
      const grant = {
        keyId: `id-${key}`.slice(0, 64),
        label: "OBS",
        state: "active",
        takeover: "refuse",
        ...rest,
        room,
      };
      await redis.client.set(grantRedisKey(keyHash(key)), JSON.stringify(grant));
    },
  };
}
