import { Type } from "typebox";
import { ProblemError } from "../errors.ts";
import { answers, SIGNED_IN } from "../http/answers.ts";
import type { Authenticate } from "../http/authenticate.ts";
import type { App } from "../http/create-app.ts";
import type { RouteLimits } from "../http/rate-limits.ts";
import type { Projection } from "../keys/project.ts";
import type { ProgramView } from "../live/program-view.ts";
import {
  ownRoomsSchema,
  type Room,
  roomCreationSchema,
  roomListSchema,
  roomSchema,
  slugSchema,
} from "../protocol/api.ts";
import { UniqueViolation } from "../storage/database.ts";
import { describeRoom } from "./describe-room.ts";
import { listRooms } from "./list-rooms.ts";
import { isReservedSlug } from "./reserved-slugs.ts";
import type { RoomAnswers } from "./room-answers.ts";
import type { Rooms, StoredRoom } from "./rooms.ts";

/** Rooms one account may have. */
export const MAX_ROOMS_PER_USER = 20;
/** Rooms in a page unless asked otherwise. */
const DEFAULT_PAGE = 24;
const tags = ["rooms"];

/** What the room routes stand on. */
export interface RoomParts {
  readonly rooms: Rooms;
  readonly programs: ProgramView;
  readonly viewersOf: (room: string) => number;
  readonly roomAnswers: RoomAnswers;
  readonly projection: Projection;
  readonly authenticate: Authenticate;
  readonly limits: RouteLimits;
}

/** Path parameters of a room's routes. */
export const roomParams = Type.Object({ slug: slugSchema });

/** A kept room with what is on air in it. */
export const roomDescriber =
  ({ programs, viewersOf }: Pick<RoomParts, "programs" | "viewersOf">) =>
  (room: StoredRoom): Room =>
    describeRoom(room, { program: programs.onAir(room.slug), viewers: viewersOf(room.slug) });

/** Public routes of rooms, and their creation. */
export function roomRoutes(app: App, parts: RoomParts): void {
  const { rooms, programs, roomAnswers, projection, authenticate, limits } = parts;
  const describe = roomDescriber(parts);

  app.get(
    "/api/v1/rooms",
    {
      schema: {
        summary: "List rooms, those on air first",
        tags,
        querystring: Type.Object({
          live: Type.Optional(Type.Boolean({ description: "Only rooms that are on air." })),
          limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: DEFAULT_PAGE })),
          cursor: Type.Optional(Type.String({ maxLength: 300, description: "`nextCursor` of the page before." })),
        }),
        response: answers({ 200: roomListSchema }),
      },
    },
    async (request, reply) => {
      const { live = false, limit = DEFAULT_PAGE, cursor } = request.query;
      const page = await listRooms({ rooms, onAir: programs.allOnAir() }, { cursor, limit, liveOnly: live });
      reply.header("cache-control", "max-age=1");
      return { rooms: page.rooms.map(describe), nextCursor: page.nextCursor };
    },
  );
  app.get(
    "/api/v1/rooms/:slug",
    {
      // every viewer polls it, many behind one address, and it costs next to nothing
      config: { rateLimit: false },
      schema: {
        summary: "A room and what is on air in it",
        tags,
        params: roomParams,
        response: answers({ 200: roomSchema }),
      },
    },
    async (request, reply) => {
      const { slug } = request.params;
      const answer = await roomAnswers.get(slug, async () => {
        const room = await rooms.bySlug(slug);
        return room && describe(room);
      });
      if (!answer) throw new ProblemError("room-not-found");
      reply.header("cache-control", "max-age=1").header("etag", answer.etag);
      if (request.headers["if-none-match"] === answer.etag) return reply.code(304).send(undefined as never);
      // rendered already: past the route's serializer
      return reply
        .type("application/json; charset=utf-8")
        .serializer(asIs)
        .send(answer.body as never);
    },
  );
  app.get(
    "/api/v1/users/me/rooms",
    { schema: { summary: "List my rooms", tags, security: SIGNED_IN, response: answers({ 200: ownRoomsSchema }) } },
    async (request, reply) => {
      const { user } = await authenticate.required(request);
      reply.header("cache-control", "no-store");
      return { rooms: (await rooms.byHost(user.id)).map(describe) };
    },
  );
  app.post(
    "/api/v1/rooms",
    {
      config: { rateLimit: limits.write },
      schema: {
        summary: "Create a room",
        tags,
        security: SIGNED_IN,
        body: roomCreationSchema,
        response: answers({ 201: roomSchema }),
      },
    },
    async (request, reply) => {
      const { user } = await authenticate.required(request);
      const { slug, title, coverUrl = "" } = request.body;
      if (isReservedSlug(slug)) throw new ProblemError("slug-reserved");
      if ((await rooms.byHost(user.id)).length >= MAX_ROOMS_PER_USER) {
        throw new ProblemError("limit-reached", { detail: `An account may have ${MAX_ROOMS_PER_USER} rooms.` });
      }
      const room = await rooms.add({ slug, title, coverUrl, hostId: user.id }).catch((error: unknown) => {
        throw error instanceof UniqueViolation ? new ProblemError("slug-taken", { cause: error }) : error;
      });
      roomAnswers.forget(slug);
      await projection.room(room);
      return reply.code(201).header("location", `/api/v1/rooms/${slug}`).send(describe(room));
    },
  );
}

const asIs = (payload: unknown): string => String(payload);
