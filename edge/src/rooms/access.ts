import type { FastifyRequest } from "fastify";
import type { SignedIn } from "../accounts/sessions.ts";
import { ProblemError } from "../errors.ts";
import type { Authenticate } from "../http/authenticate.ts";
import type { Rooms, StoredRoom } from "./rooms.ts";

/** Finds a room and checks that its host or an admin asks. */
export type HostAccess = (
  request: FastifyRequest,
  slug: string,
) => Promise<{ readonly room: StoredRoom; readonly by: SignedIn }>;

/** Makes {@link HostAccess}; refusals are `not-signed-in`, `room-not-found` and `not-allowed`. */
export function createHostAccess(parts: { readonly rooms: Rooms; readonly authenticate: Authenticate }): HostAccess {
  const { rooms, authenticate } = parts;
  return async (request, slug) => {
    const by = await authenticate.required(request);
    const room = await rooms.bySlug(slug);
    if (!room) throw new ProblemError("room-not-found");
    if (room.host.id !== by.user.id && by.user.role !== "admin") throw new ProblemError("not-allowed");
    return { room, by };
  };
}
