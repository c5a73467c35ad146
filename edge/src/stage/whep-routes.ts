import { type Stage, stageRedisKey } from "@lianmai/ingest/stage";
import type { Clock, Redis } from "@lianmai/process";
import type { FastifyRequest } from "fastify";
import { ProblemError } from "../errors.ts";
import type { Authenticate } from "../http/authenticate.ts";
import type { App } from "../http/create-app.ts";
import type { RoomRoles } from "../moderation/acts/roles.ts";
import { isAtLeast } from "../protocol/room/roles.ts";
import type { RoomLog } from "../room/room-log.ts";
import type { StoredRoom } from "../rooms/rooms.ts";
import type { Viewing } from "../viewing/viewing.ts";
import { type SessionParts, sessionRoutes } from "./session-routes.ts";

export interface WhepParts extends SessionParts {
  readonly authenticate: Authenticate;
  readonly roles: RoomRoles;
  readonly log: Pick<RoomLog, "standing">;
  readonly viewing: Pick<Viewing, "removedUntil">;
  readonly redis: Redis;
  readonly clock: Clock;
}

/**
 * `/whep/:slug`: the room's program by WebRTC (draft-ietf-wish-whep). Hosts, moderators and whoever is on the stage or
 * waits for it always; everybody else where the room lets them, as far as places go. Problems: `removed`,
 * `webrtc-off`, `room-not-found`.
 */
export function whepRoutes(app: App, parts: WhepParts): void {
  const { viewing, clock } = parts;
  sessionRoutes(app, {
    ...parts,
    name: "whep",
    async identify(request, room) {
      const untilMs = viewing.removedUntil(room.slug, request.raw, true);
      if (untilMs !== undefined) throw new ProblemError("removed", { retryAfterMs: untilMs - clock.wallMs() });
      if (await isLetIn(parts, request, room)) return { "x-lianmai-viewer": "always" };
      if (!room.webrtc) throw new ProblemError("webrtc-off");
      return {};
    },
  });
}

async function isLetIn(parts: WhepParts, request: FastifyRequest, room: StoredRoom): Promise<boolean> {
  const signedIn = await parts.authenticate.optional(request);
  if (!signedIn) return false;
  const { user } = signedIn;
  const { bannedUntilMs = 0 } = await parts.log.standing(room.id, user.id);
  if (bannedUntilMs > parts.clock.wallMs()) throw new ProblemError("banned");
  if (isAtLeast(await parts.roles.of(room, user), "moderator")) return true;
  const text = await parts.redis.get(stageRedisKey(room.slug)).catch(() => null);
  const stage = text === null ? undefined : (JSON.parse(text) as Pick<Stage, "participants">);
  return stage?.participants.some(({ userId }) => userId === user.id) ?? false;
}
