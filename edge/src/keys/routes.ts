import { Type } from "typebox";
import { ProblemError } from "../errors.ts";
import { answers, nothing, SIGNED_IN } from "../http/answers.ts";
import type { App } from "../http/create-app.ts";
import type { RouteLimits } from "../http/rate-limits.ts";
import {
  type NewStreamKey,
  newStreamKeySchema,
  slugSchema,
  streamKeyCreationSchema,
  streamKeyListSchema,
} from "../protocol/api.ts";
import type { HostAccess } from "../rooms/access.ts";
import type { StoredRoom } from "../rooms/rooms.ts";
import type { EncoderAddressesOf, Reached } from "./encoder-addresses.ts";
import type { Projection } from "./project.ts";
import type { MadeKey, StreamKeys } from "./stream-keys.ts";

/** Active keys one room may have. */
export const MAX_ACTIVE_KEYS = 20;
const tags = ["stream-keys"];
const roomParams = Type.Object({ slug: slugSchema });
const keyParams = Type.Object({ slug: slugSchema, id: Type.String({ minLength: 1, maxLength: 64 }) });

/** Routes of a room's stream keys, for its host (or an admin). */
export function streamKeyRoutes(
  app: App,
  parts: {
    readonly streamKeys: StreamKeys;
    readonly projection: Projection;
    readonly hostAccess: HostAccess;
    readonly limits: RouteLimits;
    readonly encoderAddresses: EncoderAddressesOf;
  },
): void {
  const { streamKeys, projection, hostAccess, limits, encoderAddresses } = parts;
  const shown = async (room: StoredRoom, made: MadeKey, reached: Reached): Promise<NewStreamKey> => {
    const inTime = await projection.room(room);
    const { key, streamKey } = made;
    return { key, streamKey, ...encoderAddresses(room.slug, reached), pending: !inTime };
  };
  app.get(
    "/api/v1/rooms/:slug/stream-keys",
    {
      schema: {
        summary: "List a room's stream keys",
        description: "Without their secrets, newest first.",
        tags,
        security: SIGNED_IN,
        params: roomParams,
        response: answers({ 200: streamKeyListSchema }),
      },
    },
    async (request, reply) => {
      const { room } = await hostAccess(request, request.params.slug);
      reply.header("cache-control", "no-store");
      return { streamKeys: await streamKeys.list(room.id) };
    },
  );
  app.post(
    "/api/v1/rooms/:slug/stream-keys",
    {
      config: { rateLimit: limits.write },
      schema: {
        summary: "Make a stream key",
        description: "The secret is shown this once. RTMP takes it at `server`, WHIP at `whipUrl` as bearer token.",
        tags,
        security: SIGNED_IN,
        params: roomParams,
        body: streamKeyCreationSchema,
        response: answers({ 201: newStreamKeySchema }),
      },
    },
    async (request, reply) => {
      const { room, by } = await hostAccess(request, request.params.slug);
      if ((await streamKeys.countActive(room.id)) >= MAX_ACTIVE_KEYS) {
        throw new ProblemError("limit-reached", { detail: `A room may have ${MAX_ACTIVE_KEYS} active stream keys.` });
      }
      const made = await streamKeys.create(room.id, { label: request.body.label, actorId: by.user.id });
      return reply
        .code(201)
        .header("cache-control", "no-store")
        .send(await shown(room, made, request));
    },
  );
  app.post(
    "/api/v1/rooms/:slug/stream-keys/:id/rotate",
    {
      config: { rateLimit: limits.write },
      schema: {
        summary: "Replace a stream key",
        description: "The new key has the same label. What the old one publishes goes on; it cannot start anew.",
        tags,
        security: SIGNED_IN,
        params: keyParams,
        response: answers({ 201: newStreamKeySchema }),
      },
    },
    async (request, reply) => {
      const { slug, id } = request.params;
      const { room, by } = await hostAccess(request, slug);
      const made = await streamKeys.rotate(room.id, id, { actorId: by.user.id });
      if (!made) {
        const known = (await streamKeys.list(room.id)).some((key) => key.id === id);
        throw new ProblemError(known ? "key-not-active" : "stream-key-not-found");
      }
      return reply
        .code(201)
        .header("cache-control", "no-store")
        .send(await shown(room, made, request));
    },
  );
  app.delete(
    "/api/v1/rooms/:slug/stream-keys/:id",
    {
      config: { rateLimit: limits.write },
      schema: {
        summary: "Revoke a stream key",
        description: "Whoever publishes with it is disconnected.",
        tags,
        security: SIGNED_IN,
        params: keyParams,
        response: answers({ 204: nothing }),
      },
    },
    async (request, reply) => {
      const { slug, id } = request.params;
      const { room, by } = await hostAccess(request, slug);
      if (!(await streamKeys.revoke(room.id, id, { actorId: by.user.id })))
        throw new ProblemError("stream-key-not-found");
      await projection.room(room);
      return reply.code(204).send(null);
    },
  );
}
