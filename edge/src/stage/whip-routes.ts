import type { FastifyRequest } from "fastify";
import type { Authenticate } from "../http/authenticate.ts";
import type { App } from "../http/create-app.ts";
import type { StoredRoom } from "../rooms/rooms.ts";
import { type SessionParts, sessionRoutes } from "./session-routes.ts";

export interface WhipParts extends SessionParts {
  readonly authenticate: Authenticate;
}

/**
 * `/whip/:slug` for encoders and browsers: finds out who asks, and passes
 * everything to the stage node of the room (RFC 9725). A stream key stays unread here.
 */
export function whipRoutes(app: App, parts: WhipParts): void {
  sessionRoutes(app, {
    ...parts,
    name: "whip",
    identify: (request, room) => identity(request, room, parts.authenticate),
  });
}

/** The room's host by its session; anybody else by what the header holds, which the node looks up. */
async function identity(
  request: FastifyRequest,
  room: StoredRoom,
  authenticate: Authenticate,
): Promise<Record<string, string | undefined>> {
  const signedIn = await authenticate.optional(request);
  if (signedIn && (signedIn.user.id === room.host.id || signedIn.user.role === "admin")) {
    return { "x-lianmai-host": JSON.stringify({ userId: signedIn.user.id, takeover: room.takeover }) };
  }
  return { authorization: request.headers.authorization };
}
