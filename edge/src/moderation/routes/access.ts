import type { FastifyRequest } from "fastify";
import { Type } from "typebox";
import { ProblemError } from "../../errors.ts";
import { SIGNED_IN } from "../../http/answers.ts";
import type { Authenticate } from "../../http/authenticate.ts";
import type { App } from "../../http/create-app.ts";
import type { RouteLimits } from "../../http/rate-limits.ts";
import { slugSchema } from "../../protocol/api.ts";
import { userIdSchema } from "../../protocol/room/people.ts";
import { isAtLeast, type Role } from "../../protocol/room/roles.ts";
import type { Rooms, StoredRoom } from "../../rooms/rooms.ts";
import type { Actor } from "../acts/acts.ts";
import type { RoomRoles } from "../acts/roles.ts";

/** Finds a room and checks the role of who asks. */
export type RoleAccess = (
  request: FastifyRequest,
  slug: string,
  least: Role,
) => Promise<{ readonly room: StoredRoom; readonly by: Actor }>;

/** Makes {@link RoleAccess}; refusals are `not-signed-in`, `room-not-found` and `not-allowed`. */
export function createRoleAccess(parts: {
  readonly rooms: Rooms;
  readonly authenticate: Authenticate;
  readonly roles: RoomRoles;
}): RoleAccess {
  const { rooms, authenticate, roles } = parts;
  return async (request, slug, least) => {
    const { user } = await authenticate.required(request);
    const room = await rooms.bySlug(slug);
    if (!room) throw new ProblemError("room-not-found");
    const role = await roles.of(room, user);
    if (!isAtLeast(role, least)) throw new ProblemError("not-allowed");
    return { room, by: { id: user.id, name: user.name, role } };
  };
}

/** What all moderation routes stand on. */
export interface RouteParts {
  readonly app: App;
  readonly access: RoleAccess;
  readonly limits: RouteLimits;
}

export const roomParams = Type.Object({ slug: slugSchema });
export const itemParams = Type.Object({ slug: slugSchema, id: Type.String({ minLength: 1, maxLength: 64 }) });
export const userParams = Type.Object({ slug: slugSchema, user: userIdSchema });
/** Marks of all moderation routes in the API's description. */
export const moderated = { tags: ["moderation"], security: SIGNED_IN } as const;
