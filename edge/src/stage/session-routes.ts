import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { ProblemError } from "../errors.ts";
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

export interface SessionParts {
  readonly rooms: Rooms;
  readonly limits: RouteLimits;
  readonly findNode: FindStageNode;
}

/** What the node is told of who asks, as headers. Problems refuse the request. */
type Identify = (request: FastifyRequest, room: StoredRoom) => Promise<Readonly<Record<string, string | undefined>>>;

/**
 * `/whip/:slug` or `/whep/:slug` and their sessions: finds out who asks, and passes everything to the stage node of the
 * room.
 */
export function sessionRoutes(
  app: App,
  parts: SessionParts & { readonly name: "whip" | "whep"; readonly identify: Identify },
): void {
  const { rooms, findNode, limits, name, identify } = parts;
  for (const type of ["application/sdp", "application/trickle-ice-sdpfrag"]) {
    if (app.hasContentTypeParser(type)) continue;
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
      headers: { ...Object.fromEntries(PASSED_ON.map((header) => [header, request.headers[header]])), ...headers },
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
    `/${name}/:slug`,
    { config: { rateLimit: limits.write }, schema: { hide: true, params: roomPath } },
    async (request, reply) => {
      openToAll(reply);
      const room = await roomOf(request.params.slug);
      return await forward(request, reply, room, await identify(request, room));
    },
  );
  app.route({
    method: ["PATCH", "DELETE"],
    url: `/${name}/:slug/:session`,
    schema: { hide: true, params: sessionPath },
    handler: async (request, reply) => {
      openToAll(reply);
      return await forward(request, reply, await roomOf(request.params.slug), {});
    },
  });
  for (const url of [`/${name}/:slug`, `/${name}/:slug/:session`]) {
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
