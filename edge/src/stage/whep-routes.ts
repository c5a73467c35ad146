import { type Stage, stageRedisKey } from "@lianmai/ingest/stage";
import { WHEP_VIEWER_HEADER, type WhepViewerFacts } from "@lianmai/ingest/whep";
import type { Clock, Redis } from "@lianmai/process";
import { ProblemError } from "../errors.ts";
import type { Authenticate } from "../http/authenticate.ts";
import type { App } from "../http/create-app.ts";
import type { RoomRoles } from "../moderation/acts/roles.ts";
import type { User } from "../protocol/api.ts";
import { isAtLeast } from "../protocol/room/roles.ts";
import type { RoomLog } from "../room/room-log.ts";
import type { StoredRoom } from "../rooms/rooms.ts";
import type { Mark } from "../viewing/removals.ts";
import type { Viewing } from "../viewing/viewing.ts";
import { type SessionParts, sessionRoutes } from "./session-routes.ts";

export interface WhepParts extends SessionParts {
  readonly authenticate: Authenticate;
  readonly roles: RoomRoles;
  readonly log: Pick<RoomLog, "standing">;
  readonly viewing: Pick<Viewing, "removedUntil" | "marksOf">;
  readonly redis: Redis;
  readonly clock: Clock;
}

/**
 * `/whep/:slug`: the room's program by WebRTC (draft-ietf-wish-whep). Hosts, moderators and whoever is on the stage or
 * waits for it always; everybody else where the room lets them. Places are for those who are neither staff nor on the
 * stage: anybody may raise a hand. Problems: `removed`, `banned`, `webrtc-off`, `room-not-found`.
 */
export function whepRoutes(app: App, parts: WhepParts): void {
  const { viewing, clock, authenticate } = parts;
  sessionRoutes(app, {
    ...parts,
    name: "whep",
    async identify(request, room) {
      const untilMs = viewing.removedUntil(room.slug, request.raw, true);
      if (untilMs !== undefined) throw new ProblemError("removed", { retryAfterMs: untilMs - clock.wallMs() });
      const user = (await authenticate.optional(request))?.user;
      const letIn = user ? await letInAs(parts, user, room) : undefined;
      if (!letIn && !room.webrtc) throw new ProblemError("webrtc-off");
      const facts: WhepViewerFacts = {
        marks: marksOf(viewing.marksOf(request.raw), user),
        counts: letIn === undefined || letIn === "waiting",
        isStaff: letIn === "staff",
      };
      return { [WHEP_VIEWER_HEADER]: encodeURIComponent(JSON.stringify(facts)) };
    },
  });
}

/** An account says who somebody is: it is not ended for what another did at its address. */
const marksOf = (seen: readonly Mark[], user: Pick<User, "id"> | undefined): Mark[] =>
  user ? [...seen.filter((mark) => !mark.startsWith("a:")), `u:${user.id}`] : [...seen];

/** Why somebody is let in whatever the room's switch says. */
async function letInAs(
  parts: WhepParts,
  user: Pick<User, "id" | "role">,
  room: StoredRoom,
): Promise<"staff" | "on-stage" | "waiting" | undefined> {
  const { bannedUntilMs = 0 } = await parts.log.standing(room.id, user.id);
  if (bannedUntilMs > parts.clock.wallMs()) throw new ProblemError("banned");
  if (isAtLeast(await parts.roles.of(room, user), "moderator")) return "staff";
  const text = await parts.redis.get(stageRedisKey(room.slug)).catch(() => null);
  const stage = text === null ? undefined : (JSON.parse(text) as Pick<Stage, "participants">);
  const at = stage?.participants.find(({ userId }) => userId === user.id)?.place.at;
  if (at === undefined) return undefined;
  return at === "backstage" || at === "seated" ? "on-stage" : "waiting";
}
