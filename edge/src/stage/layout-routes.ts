/** Routes of a room's layout: how the host wants the people on stage to be seen. */
import { randomUUID } from "node:crypto";
import type { Redis } from "@lianmai/process";
import { layoutChoiceRedisKey } from "@lianmai/transcode/contract";
import { type LayoutChoice, layoutChoiceSchema } from "@lianmai/transcode/layout/document";
import { Value } from "typebox/value";
import { ProblemError } from "../errors.ts";
import { answers, SIGNED_IN } from "../http/answers.ts";
import type { App } from "../http/create-app.ts";
import type { Projection } from "../keys/project.ts";
import type { RoomLog } from "../room/room-log.ts";
import type { HostAccess } from "../rooms/access.ts";
import { type RoomParts, roomParams } from "../rooms/routes.ts";

/** A client that has to wait for Redis tries again after this. */
const REDIS_RETRY_MS = 1_000;

export function layoutRoutes(
  app: App,
  parts: {
    readonly redis: Redis;
    readonly projection: Pick<Projection, "command">;
    readonly hostAccess: HostAccess;
    readonly limits: RoomParts["limits"];
    readonly log: Pick<RoomLog, "append">;
  },
): void {
  const { redis, projection, hostAccess, limits, log } = parts;
  const hosted = { tags: ["stage"], security: SIGNED_IN, params: roomParams };
  const away = (error: unknown): never => {
    throw new ProblemError("redis-away", { retryAfterMs: REDIS_RETRY_MS, cause: error });
  };

  app.get(
    "/api/v1/rooms/:slug/layout",
    { schema: { ...hosted, summary: "The layout the host wants", response: answers({ 200: layoutChoiceSchema }) } },
    async (request, reply) => {
      const { room } = await hostAccess(request, request.params.slug);
      reply.header("cache-control", "no-store");
      return parseChoice(await redis.get(layoutChoiceRedisKey(room.slug)).catch(away));
    },
  );
  app.put(
    "/api/v1/rooms/:slug/layout",
    {
      config: { rateLimit: limits.write },
      schema: {
        ...hosted,
        summary: "Choose the layout",
        description:
          "The program moves to it within a second, without an interruption. `auto` follows who is on stage; a layout " +
          "that does not fit those on stage becomes the next best. `focus` names the participant in the large place.",
        body: layoutChoiceSchema,
        response: answers({ 200: layoutChoiceSchema }),
      },
    },
    async (request) => {
      const { room, by } = await hostAccess(request, request.params.slug);
      await redis.set(layoutChoiceRedisKey(room.slug), JSON.stringify(request.body)).catch(away);
      // Missed, it is found within a second.
      await projection.command({ transcode: { kind: "layout-changed", room: room.slug } });
      const { id, name } = by.user;
      const from = { id, name, role: id === room.host.id ? "host" : "admin" } as const;
      const body = { what: "layout", layout: request.body.kind } as const;
      await log.append(room.id, from, { cid: randomUUID(), kind: "stage", body }).catch(away);
      return request.body;
    },
  );
}

function parseChoice(text: string | null): LayoutChoice {
  const choice: unknown = text === null ? null : JSON.parse(text);
  return Value.Check(layoutChoiceSchema, choice) ? choice : { kind: "auto" };
}
