import { request as httpRequest, type IncomingMessage } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { ProblemError } from "../errors.ts";
import type { Authenticate } from "../http/authenticate.ts";
import type { App } from "../http/create-app.ts";
import type { RouteLimits } from "../http/rate-limits.ts";
import type { Rooms, StoredRoom } from "../rooms/rooms.ts";
import { forwardToStage, passBack } from "./forward.ts";
import type { FindStageNode } from "./stage-nodes.ts";

const ANSWER_BUDGET_MS = 5_000;
/** A session description fits. */
const MAX_BODY_BYTES = 256 * 1_024;
const eventsPath = Type.Object({ slug: Type.String({ minLength: 1, maxLength: 64, pattern: "^[a-z0-9-]+$" }) });
const requestPath = Type.Object({
  slug: eventsPath.properties.slug,
  connection: Type.String({ pattern: "^[0-9a-f-]{36}$" }),
});

export interface SignallingParts {
  readonly rooms: Rooms;
  readonly authenticate: Authenticate;
  readonly limits: RouteLimits;
  readonly findNode: FindStageNode;
  /** Whether a user moderates a room; nobody does where it is not given. */
  readonly isModerator?: (roomId: string, userId: string) => Promise<boolean>;
}

/** A signed-in user's way to a room's stage: says to the node who asks, and passes events and requests through. */
export function signallingRoutes(app: App, parts: SignallingParts): void {
  const { findNode } = parts;
  app.get(
    "/api/v1/rooms/:slug/stage/events",
    { schema: { hide: true, params: eventsPath } },
    async (request, reply) => {
      const { slug } = request.params;
      const actor = await actorOf(parts, request, slug);
      const node = await findNode(slug);
      const outgoing = httpRequest(new URL(`/stage/${slug}/events`, node.url), {
        headers: { "x-lianmai-node-token": node.token, "x-lianmai-actor": actor },
        timeout: ANSWER_BUDGET_MS,
      });
      return await pipeEvents(outgoing, reply);
    },
  );
  app.post(
    "/api/v1/rooms/:slug/stage/requests/:connection",
    { bodyLimit: MAX_BODY_BYTES, schema: { hide: true, params: requestPath } },
    async (request, reply) => {
      const { slug, connection } = request.params;
      const actor = await actorOf(parts, request, slug);
      const answer = await forwardToStage(await findNode(slug), {
        method: "POST",
        path: `/stage/${slug}/requests/${connection}`,
        headers: { "content-type": "application/json", "x-lianmai-actor": actor },
        body: JSON.stringify(request.body ?? null),
      });
      return passBack(reply, answer);
    },
  );
}

async function actorOf(parts: SignallingParts, request: FastifyRequest, slug: string): Promise<string> {
  const { user } = await parts.authenticate.required(request);
  const room = await parts.rooms.bySlug(slug);
  if (!room) throw new ProblemError("room-not-found");
  const role = await roleIn(parts, room, user);
  return encodeURIComponent(JSON.stringify({ userId: user.id, name: user.name, role }));
}

async function roleIn(
  parts: SignallingParts,
  room: StoredRoom,
  user: { readonly id: string; readonly role: string },
): Promise<"host" | "moderator" | "guest"> {
  if (room.host.id === user.id) return "host";
  const moderates = user.role === "admin" || ((await parts.isModerator?.(room.id, user.id)) ?? false);
  return moderates ? "moderator" : "guest";
}

async function pipeEvents(outgoing: ReturnType<typeof httpRequest>, reply: FastifyReply): Promise<void> {
  const answered = Promise.withResolvers<IncomingMessage>();
  outgoing.on("response", answered.resolve);
  outgoing.on("error", answered.reject);
  outgoing.on("timeout", () => outgoing.destroy(new Error("no answer in time")));
  outgoing.end();
  const response = await answered.promise.catch((error: unknown) => {
    throw new ProblemError("stage-away", { retryAfterMs: 2_000, cause: error });
  });
  outgoing.setTimeout(0);
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(response.statusCode ?? 502, {
    "content-type": response.headers["content-type"] ?? "application/problem+json",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
  });
  raw.on("close", () => outgoing.destroy());
  response.on("error", () => raw.destroy());
  response.pipe(raw);
}
