import { request as httpRequest, type IncomingMessage } from "node:http";
import type { StageActor } from "@lianmai/ingest/stage";
import type { Clock } from "@lianmai/process";
import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import type { Users } from "../accounts/users.ts";
import { ProblemError } from "../errors.ts";
import type { Authenticate } from "../http/authenticate.ts";
import type { App } from "../http/create-app.ts";
import type { RouteLimits } from "../http/rate-limits.ts";
import type { Acts } from "../moderation/acts/acts.ts";
import type { RoomRoles } from "../moderation/acts/roles.ts";
import { isAtLeast, type Role } from "../protocol/room/roles.ts";
import type { RoomLog } from "../room/room-log.ts";
import type { Rooms, StoredRoom } from "../rooms/rooms.ts";
import { forwardToStage, isOfBefore, passBack, type StageAnswer } from "./forward.ts";
import { readStageAct, type StageAct } from "./stage-acts.ts";
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
  readonly roles: RoomRoles;
  readonly log: Pick<RoomLog, "standing">;
  readonly acts: Pick<Acts, "recorded">;
  readonly users: Pick<Users, "byId">;
  readonly clock: Clock;
}

/** A signed-in user's way to a room's stage: says to the node who asks, and passes events and requests through. */
export function signallingRoutes(app: App, parts: SignallingParts): void {
  const { findNode } = parts;
  app.get(
    "/api/v1/rooms/:slug/stage/events",
    { schema: { hide: true, params: eventsPath } },
    async (request, reply) => {
      const { slug } = request.params;
      const { header: actor } = await callerOf(parts, request, slug);
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
      const caller = await callerOf(parts, request, slug);
      const forward = async () =>
        await forwardToStage(await findNode(slug), {
          method: "POST",
          path: `/stage/${slug}/requests/${connection}`,
          headers: { "content-type": "application/json", "x-lianmai-actor": caller.header },
          body: JSON.stringify(request.body ?? null),
        });
      const act = caller.actor.role === "guest" ? undefined : readStageAct(request.body);
      return passBack(reply, await (act ? record(parts, caller, { act, forward }) : forward()));
    },
  );
}

/** Who asks, and as the header for the node says it. */
interface Caller {
  readonly room: StoredRoom;
  readonly actor: StageActor;
  readonly header: string;
}

/** Problems: `not-signed-in`, `room-not-found`, `banned`. */
async function callerOf(parts: SignallingParts, request: FastifyRequest, slug: string): Promise<Caller> {
  const { user } = await parts.authenticate.required(request);
  const room = await parts.rooms.bySlug(slug);
  if (!room) throw new ProblemError("room-not-found");
  const { bannedUntilMs = 0 } = await parts.log.standing(room.id, user.id);
  if (bannedUntilMs > parts.clock.wallMs()) throw new ProblemError("banned");
  const role = stageRoleOf(await parts.roles.of(room, user), user.id === room.host.id);
  const actor: StageActor = { userId: user.id, name: user.name, role };
  const header = encodeURIComponent(JSON.stringify({ ...actor, ...(role === "host" && { takeover: room.takeover }) }));
  return { room, actor, header };
}

/** An admin directs a foreign stage as its moderators do; the host's own seat is the host's. */
function stageRoleOf(role: Role, isHost: boolean): StageActor["role"] {
  if (isHost) return "host";
  return isAtLeast(role, "moderator") ? "moderator" : "guest";
}

/** Power over others is on disk before it takes effect; whether the stage took it is in the room log. */
async function record(
  { acts, users }: SignallingParts,
  { room, actor }: Caller,
  what: { readonly act: StageAct; readonly forward: () => Promise<StageAnswer> },
): Promise<StageAnswer> {
  const { kind, subjectId, detail } = what.act;
  const subject = await users.byId(subjectId);
  return await acts.recorded(
    {
      actor: { id: actor.userId, name: actor.name, role: actor.role },
      act: `stage-${kind}`,
      roomId: room.id,
      subject: { id: subjectId, name: subject?.name ?? "" },
      reason: "",
      note: "",
      detail,
    },
    what.forward,
  );
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
  if (isOfBefore(response)) {
    outgoing.destroy();
    throw new ProblemError("stage-away", { retryAfterMs: 1_000 });
  }
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
