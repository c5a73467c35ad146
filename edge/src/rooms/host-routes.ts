import {
  healthRedisKey,
  ingestHealthSchema,
  type Publication,
  publicationRedisKey,
  publicationSchema,
} from "@lianmai/ingest/contract";
import type { Redis } from "@lianmai/process";
import { type Static, type TSchema, Type } from "typebox";
import { Value } from "typebox/value";
import { ProblemError } from "../errors.ts";
import { answers, nothing, SIGNED_IN } from "../http/answers.ts";
import type { App } from "../http/create-app.ts";
import type { StreamKeys } from "../keys/stream-keys.ts";
import { type RoomIngestHealth, roomHostSettingsSchema, roomIngestHealthSchema } from "../protocol/api.ts";
import type { WhepCommands } from "../stage/whep-commands.ts";
import type { HostAccess } from "./access.ts";
import type { StoredRoom } from "./rooms.ts";
import { type RoomParts, roomParams } from "./routes.ts";

const tags = ["rooms"];
/** A client that has to wait for Redis tries again after this. */
const REDIS_RETRY_MS = 1_000;

const settingsChangeSchema = Type.Partial(roomHostSettingsSchema, { additionalProperties: false, minProperties: 1 });

/** Routes of a room for its host (or an admin): settings, end of the program, ingest health, deletion. */
export function hostRoutes(
  app: App,
  parts: RoomParts & {
    readonly streamKeys: StreamKeys;
    readonly redis: Redis;
    readonly hostAccess: HostAccess;
    readonly whep: Pick<WhepCommands, "switchedOff">;
  },
): void {
  const { rooms, roomAnswers, projection, limits, streamKeys, redis, hostAccess, whep } = parts;
  const hosted = { tags, security: SIGNED_IN, params: roomParams };
  const endProgram = (room: StoredRoom, reason: string) =>
    projection.command({
      ingest: { kind: "end-room", room: room.slug, reason },
      transcode: { kind: "end-program", room: room.slug, reason },
    });

  /** Also where nothing was switched on: the host asks again after a `redis-away`. */
  const endViewers = async ({ slug, webrtc }: StoredRoom): Promise<void> => {
    await whep.switchedOff(slug).catch((error: unknown) => {
      if (webrtc) throw new ProblemError("redis-away", { retryAfterMs: REDIS_RETRY_MS, cause: error });
    });
  };

  app.get(
    "/api/v1/rooms/:slug/settings",
    { schema: { ...hosted, summary: "A room's settings", response: answers({ 200: roomHostSettingsSchema }) } },
    async (request, reply) => {
      reply.header("cache-control", "no-store");
      return settingsOf((await hostAccess(request, request.params.slug)).room);
    },
  );
  app.patch(
    "/api/v1/rooms/:slug/settings",
    {
      config: { rateLimit: limits.write },
      schema: {
        ...hosted,
        summary: "Change a room's settings",
        description:
          "What is given is changed, the part duration with the next program. Without `webrtc`, its viewers are ended.",
        body: settingsChangeSchema,
        response: answers({ 200: roomHostSettingsSchema }),
      },
    },
    async (request) => {
      const { slug } = request.params;
      const { room: before } = await hostAccess(request, slug);
      const room = await rooms.change(slug, request.body);
      if (!room) throw new ProblemError("room-not-found");
      roomAnswers.forget(slug);
      await projection.room(room);
      if (request.body.webrtc === false) await endViewers(before);
      return settingsOf(room);
    },
  );
  app.delete(
    "/api/v1/rooms/:slug",
    {
      config: { rateLimit: limits.write },
      schema: {
        ...hosted,
        summary: "Delete a room",
        description: "Its stream keys are revoked and its program ends; the slug becomes free.",
        response: answers({ 204: nothing }),
      },
    },
    async (request, reply) => {
      const { slug } = request.params;
      const { room, by } = await hostAccess(request, slug);
      await streamKeys.revokeAll(room.id, { actorId: by.user.id });
      await rooms.remove(slug);
      roomAnswers.forget(slug);
      await projection.removed(room);
      await endProgram(room, "room deleted");
      return reply.code(204).send(null);
    },
  );
  app.post(
    "/api/v1/rooms/:slug/end",
    {
      config: { rateLimit: limits.write },
      schema: {
        ...hosted,
        summary: "End what is on air",
        description: "The publisher is disconnected and the program ends without its grace period.",
        response: answers({ 204: nothing }),
      },
    },
    async (request, reply) => {
      const { room } = await hostAccess(request, request.params.slug);
      if (!(await endProgram(room, "ended by the host")))
        throw new ProblemError("redis-away", { retryAfterMs: REDIS_RETRY_MS });
      return reply.code(204).send(null);
    },
  );
  app.get(
    "/api/v1/rooms/:slug/ingest-health",
    {
      schema: {
        ...hosted,
        summary: "How well the publisher's media arrives",
        response: answers({ 200: roomIngestHealthSchema }),
      },
    },
    async (request, reply) => {
      const { room } = await hostAccess(request, request.params.slug);
      reply.header("cache-control", "no-store");
      return ingestHealth(room);
    },
  );

  async function ingestHealth(room: StoredRoom): Promise<RoomIngestHealth> {
    const texts = await redis
      .mget(healthRedisKey(room.slug), publicationRedisKey(room.slug))
      .catch((error: unknown) => {
        throw new ProblemError("redis-away", { retryAfterMs: REDIS_RETRY_MS, cause: error });
      });
    const publication = parse(publicationSchema, texts[1]);
    return {
      publishing: publication !== undefined,
      publication: publication ? await describePublication(room, publication) : null,
      health: parse(ingestHealthSchema, texts[0]) ?? null,
    };
  }
  async function describePublication(room: StoredRoom, publication: Publication) {
    const { keyId, protocol, startedAtMs, videoCodec, audioCodec } = publication;
    const key = (await streamKeys.list(room.id)).find(({ id }) => id === keyId);
    return { keyId, keyLabel: key?.label ?? "", protocol, startedAtMs, videoCodec, audioCodec };
  }
}

const settingsOf = ({ title, coverUrl, takeover, graceMs, partTargetMs, webrtc }: StoredRoom) => ({
  title,
  coverUrl,
  takeover,
  graceMs,
  partTargetMs,
  webrtc,
});

function parse<Schema extends TSchema>(schema: Schema, text: string | null | undefined): Static<Schema> | undefined {
  if (typeof text !== "string") return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return Value.Check(schema, value) ? value : undefined;
  } catch {
    return undefined;
  }
}
