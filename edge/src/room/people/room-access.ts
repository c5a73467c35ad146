import type { Clock } from "@lianmai/process";
import type { FaultCode } from "../../protocol/room/codes.ts";
import type { You } from "../../protocol/room/frames.ts";
import type { Role } from "../../protocol/room/roles.ts";
import type { Rooms, StoredRoom } from "../../rooms/rooms.ts";
import { rankOf } from "../log/state-changes.ts";
import type { RoomLog, Speaker, Standing } from "../room-log.ts";
import type { Holder } from "./tokens.ts";

/** What a person is in a room now. */
export interface Access {
  readonly roomId: string;
  readonly slug: string;
  readonly you: You;
  readonly speaker: Speaker;
}

/** Facts about a person and a room that modes ask for. */
export type Facts = (
  roomId: string,
  userId: string,
) => Promise<Pick<Speaker, "isMember" | "followsSinceMs" | "isKnown">>;

/** Finds out whether a token's holder may be in a room, and as what. */
export type RoomAccess = (
  holder: Holder,
  slug: string,
) => Promise<Access | { readonly fault: FaultCode; readonly untilMs?: number }>;

/** Makes {@link RoomAccess}. */
export function createRoomAccess(parts: {
  readonly rooms: Pick<Rooms, "bySlug">;
  readonly log: Pick<RoomLog, "state">;
  readonly facts: Facts;
  readonly clock: Clock;
}): RoomAccess {
  const { rooms, log, facts, clock } = parts;
  return async (holder, slug) => {
    const room = await rooms.bySlug(slug);
    if (!room) return { fault: "no-room" };
    const { modes, standings } = await log.state(room.id);
    const standing = standings.get(holder.userId) ?? {};
    if ((standing.bannedUntilMs ?? 0) > clock.wallMs())
      return { fault: "banned", untilMs: standing.bannedUntilMs ?? 0 };
    if (holder.role === "guest" && modes.guests === "none") return { fault: "no-guests" };
    const role = roleIn(holder, room, standing);
    const { userId, name, avatar, version } = holder;
    const known = await facts(room.id, userId);
    return {
      roomId: room.id,
      slug: room.slug,
      you: youFrom(holder, role, standing),
      speaker: { id: userId, name, role, version, ...known, ...(avatar !== undefined && { avatar }) },
    };
  };
}

function roleIn(holder: Holder, room: StoredRoom, standing: Standing): Role {
  const granted = holder.grants?.[room.slug];
  return highest([
    holder.role,
    ...(room.host.id === holder.userId ? (["host"] as const) : []),
    ...(granted ? [granted] : []),
    ...(standing.role ? [standing.role.role] : []),
  ]);
}

const highest = (roles: readonly Role[]): Role =>
  roles.reduce((best, next) => (rankOf(next) > rankOf(best) ? next : best));

const youFrom = ({ userId, name }: Holder, role: Role, standing: Standing): You => ({
  ...{ id: userId, name, role },
  ...(standing.role && role === standing.role.role && { roleUntilMs: standing.role.untilMs }),
  ...(standing.mutedUntilMs !== undefined && { mutedUntilMs: standing.mutedUntilMs }),
});
