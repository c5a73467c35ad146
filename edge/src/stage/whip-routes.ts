import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { ProblemError } from "../errors.ts";
import type { Authenticate } from "../http/authenticate.ts";
import type { App } from "../http/create-app.ts";
import type { RouteLimits } from "../http/rate-limits.ts";
import type { Rooms, StoredRoom } from "../rooms/rooms.ts";
import { forwardToStage, passBack } from "./forward.ts";
import type { FindStageNode } from "./stage-nodes.ts";

const MAX_BODY_BYTES = 100_000;
const roomPath = Type.Object({ slug: Type.String({ minLength: 1, maxLength: 64, pattern: "^[a-z0-9-]+$" }) });
const sessionPath = Type.Object({
  slug: roomPath.properties.slug,
  session: Type.String({ minLength: 1, maxLength: 64, pattern: "^[A-Za-z0-9-]+$" }),
});
const PASSED_ON = ["content-type", "if-match", "user-agent"] as const;

export interface WhipParts {
  readonly rooms: Rooms;
  readonly authenticate: Authenticate;
  readonly limits: RouteLimits;
  readonly findNode: FindStageNode;
}

/**
 * `/whip/:slug` for encoders and browsers: finds out who asks, and passes
 * everything to the stage node of the room (RFC 9725). A stream key stays unread here.
 */
export function whipRoutes(app: App, parts: WhipParts): void {
  const { rooms, findNode, limits } = parts;
  for (const type of ["application/sdp", "application/trickle-ice-sdpfrag"]) {
    app.addContentTypeParser(type, { parseAs: "string", bodyLimit: MAX_BODY_BYTES }, (_request, body, done) =>
      done(null, body),
    );
  }
  const forward = async (
    request: FastifyRequest,
    reply: FastifyReply,
    room: StoredRoom,
    headers: Readonly<Record<string, string | undefined>>,
  ) => {
    const answer = await forwardToStage(await findNode(room.slug), {
      method: request.method,
      path: request.url.split("?", 1)[0] ?? "",
      headers: { ...Object.fromEntries(PASSED_ON.map((name) => [name, request.headers[name]])), ...headers },
      body: typeof request.body === "string" ? request.body : "",
    });
    return passBack(reply, answer);
  };
  const roomOf = async (slug: string): Promise<StoredRoom> => {
    const room = await rooms.bySlug(slug);
    if (!room) throw new ProblemError("room-not-found");
    return room;
  };
  app.post(
    "/whip/:slug",
    { config: { rateLimit: limits.write }, schema: { hide: true, params: roomPath } },
    async (request, reply) => {
      openToAll(reply);
      const room = await roomOf(request.params.slug);
      return await forward(request, reply, room, await identity(request, room, parts.authenticate));
    },
  );
  app.route({
    method: ["PATCH", "DELETE"],
    url: "/whip/:slug/:session",
    schema: { hide: true, params: sessionPath },
    handler: async (request, reply) => {
      openToAll(reply);
      return await forward(request, reply, await roomOf(request.params.slug), {});
    },
  });
  for (const url of ["/whip/:slug", "/whip/:slug/:session"]) {
    app.options(url, { schema: { hide: true } }, (_request, reply) =>
      openToAll(reply)
        .header("access-control-allow-methods", "POST, PATCH, DELETE")
        .header("access-control-allow-headers", "authorization, content-type, if-match")
        .header("accept-post", "application/sdp")
        .code(204)
        .send(),
    );
  }
}

/** Keys and sessions travel in a header that no browser adds by itself: other sites' pages may ask (RFC 9725 4.2). */
function openToAll(reply: FastifyReply): FastifyReply {
  return reply
    .header("access-control-allow-origin", "*")
    .header("access-control-expose-headers", "location, link, etag, accept-patch")
    .header("cross-origin-resource-policy", "cross-origin");
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
