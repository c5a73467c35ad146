/** What anybody may know of a room's stage: whether a hand can be raised. */
import type { Stage } from "@lianmai/ingest/stage";
import type { Redis } from "@lianmai/process";
import { ProblemError } from "../errors.ts";
import { answers } from "../http/answers.ts";
import type { App } from "../http/create-app.ts";
import { type OpenStage, openStageSchema } from "../protocol/stage.ts";
import type { Rooms } from "../rooms/rooms.ts";
import { roomParams } from "../rooms/routes.ts";
import { readStage } from "./read-stage.ts";

/** Viewers ask now and then, all the same: a cache in front may answer them. */
const CACHE = "public, max-age=2";

export function openStageRoutes(app: App, parts: { readonly redis: Redis; readonly rooms: Rooms }): void {
  const { redis, rooms } = parts;
  app.get(
    "/api/v1/rooms/:slug/stage",
    {
      schema: {
        tags: ["stage"],
        summary: "Whether the stage takes guests",
        params: roomParams,
        response: answers({ 200: openStageSchema }),
      },
    },
    async (request, reply) => {
      const room = await rooms.bySlug(request.params.slug);
      if (!room) throw new ProblemError("room-not-found");
      const stage = await readStage(redis, room.slug);
      reply.header("cache-control", CACHE);
      return describeOpenStage(stage);
    },
  );
}

/** Open while the host is there to answer and guests may be seated at all. Pure. */
export function describeOpenStage(stage: Stage | undefined): OpenStage {
  const participants = stage?.participants ?? [];
  const capacity = stage?.capacity ?? 0;
  const isHostHere = participants.some(({ role, connection }) => role === "host" && connection === "connected");
  const guests = participants.filter(({ place, role }) => place.at === "seated" && role === "guest").length;
  const locked = stage?.locked.filter((seat) => seat <= capacity).length ?? 0;
  return { isOpen: isHostHere && capacity > 0, guests, freeSeats: Math.max(0, capacity - guests - locked) };
}
