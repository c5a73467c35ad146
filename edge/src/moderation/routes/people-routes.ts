import { ProblemError } from "../../errors.ts";
import { answers, nothing, SIGNED_IN } from "../../http/answers.ts";
import type { Authenticate } from "../../http/authenticate.ts";
import {
  followSchema,
  moderatedRoomsSchema,
  noteRequestSchema,
  noteSchema,
  userCardSchema,
} from "../../protocol/moderation.ts";
import { isAtLeast } from "../../protocol/room/roles.ts";
import type { RoomLog } from "../../room/room-log.ts";
import type { Rooms } from "../../rooms/rooms.ts";
import type { Acts } from "../acts/acts.ts";
import type { RoomRoles } from "../acts/roles.ts";
import type { AuditLog } from "../audit/audit-log.ts";
import { describeStanding } from "../describe-state.ts";
import type { RoomPeople } from "../store/people.ts";
import { moderated, type RouteParts, roomParams, userParams } from "./access.ts";
import { describeEntry } from "./audit-routes.ts";

const HISTORY = 30;

/** Routes of people in a room: card, notes, members for moderators; follow for everybody with an account. */
export function peopleRoutes(
  { app, access, limits }: RouteParts,
  parts: {
    readonly acts: Acts;
    readonly audit: AuditLog;
    readonly log: RoomLog;
    readonly people: RoomPeople;
    readonly rooms: Rooms;
    readonly roles: RoomRoles;
    readonly authenticate: Authenticate;
  },
): void {
  const { acts, audit, log, people, rooms, roles, authenticate } = parts;
  const write = { rateLimit: limits.write };
  const user = "/api/v1/rooms/:slug/moderation/users/:user";

  app.get(
    user,
    {
      schema: {
        ...moderated,
        summary: "What moderators know of a person",
        params: userParams,
        response: answers({ 200: userCardSchema }),
      },
    },
    async (request, reply) => {
      const { slug, user: id } = request.params;
      const { room } = await access(request, slug, "moderator");
      reply.header("cache-control", "no-store");
      return {
        standing: describeStanding(id, await log.standing(room.id, id)),
        followsSinceMs: people.followsSince(id, room.id),
        member: people.isMember(id, room.id),
        notes: [...people.notes(room.id, id)],
        history: audit.list({ roomId: room.id, subjectId: id, limit: HISTORY }).map(describeEntry),
      };
    },
  );
  app.post(
    `${user}/notes`,
    {
      config: write,
      schema: {
        ...moderated,
        summary: "Write a note on a person",
        params: userParams,
        body: noteRequestSchema,
        response: answers({ 201: noteSchema }),
      },
    },
    async (request, reply) => {
      const { slug, user: id } = request.params;
      const { room, by } = await access(request, slug, "moderator");
      const { text } = request.body;
      const fact = {
        actor: by,
        act: "note",
        roomId: room.id,
        subject: { id, name: "" },
        reason: "",
        note: text,
        detail: {},
      };
      const note = await acts.recorded(fact, async () => people.addNote(room.id, id, text, by));
      if (!note) throw new ProblemError("limit-reached");
      return reply.code(201).send(note);
    },
  );
  for (const member of [true, false]) {
    app.route({
      method: member ? "PUT" : "DELETE",
      url: `${user}/member`,
      config: write,
      schema: {
        ...moderated,
        summary: member ? "Make a person a member" : "End a person's membership",
        params: userParams,
        response: answers({ 204: nothing }),
      },
      handler: async (request, reply) => {
        const { slug, user: id } = request.params;
        const { room, by } = await access(request, slug, "host");
        const act = member ? "member-add" : "member-remove";
        const fact = { actor: by, act, roomId: room.id, subject: { id, name: "" }, reason: "", note: "", detail: {} };
        await acts.recorded(fact, async () => people.setMember(id, room.id, member, by.id));
        return reply.code(204).send(null);
      },
    });
  }

  app.get(
    "/api/v1/users/me/moderated-rooms",
    {
      schema: {
        tags: ["moderation"],
        security: SIGNED_IN,
        summary: "Rooms I moderate without owning them",
        response: answers({ 200: moderatedRoomsSchema }),
      },
    },
    async (request, reply) => {
      const { user: asker } = await authenticate.required(request);
      reply.header("cache-control", "no-store");
      const found = await Promise.all(log.roomsWithRole(asker.id).map((id) => rooms.byId(id)));
      const mine = [];
      for (const room of found) {
        // a time-boxed role may be over
        if (room && isAtLeast(await roles.of(room, asker), "moderator"))
          mine.push({ slug: room.slug, title: room.title });
      }
      return { rooms: mine };
    },
  );

  const follow = "/api/v1/rooms/:slug/follow";
  const roomOf = async (slug: string) => {
    const room = await rooms.bySlug(slug);
    if (!room) throw new ProblemError("room-not-found");
    return room;
  };
  const described = (userId: string | undefined, roomId: string) => {
    const sinceMs = userId === undefined ? null : people.followsSince(userId, roomId);
    return { following: sinceMs !== null, sinceMs, followers: people.followers(roomId) };
  };
  app.get(
    follow,
    {
      schema: {
        tags: ["rooms"],
        summary: "Whether I follow a room, and how many do",
        params: roomParams,
        response: answers({ 200: followSchema }),
      },
    },
    async (request, reply) => {
      const room = await roomOf(request.params.slug);
      const signedIn = await authenticate.optional(request);
      reply.header("cache-control", "no-store");
      return described(signedIn?.user.id, room.id);
    },
  );
  for (const wanted of [true, false]) {
    app.route({
      method: wanted ? "PUT" : "DELETE",
      url: follow,
      config: write,
      schema: {
        tags: ["rooms"],
        security: SIGNED_IN,
        summary: wanted ? "Follow a room" : "Unfollow a room",
        params: roomParams,
        response: answers({ 200: followSchema }),
      },
      handler: async (request) => {
        const { user: asker } = await authenticate.required(request);
        const room = await roomOf(request.params.slug);
        if (wanted) people.follow(asker.id, room.id);
        else people.unfollow(asker.id, room.id);
        return described(asker.id, room.id);
      },
    });
  }
}
