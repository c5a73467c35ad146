import type { Clock } from "@lianmai/process";
import type { Users } from "../../accounts/users.ts";
import type { User } from "../../protocol/api.ts";
import { ROLES, type Role } from "../../protocol/room/roles.ts";
import type { RoomLog } from "../../room/room-log.ts";
import type { StoredRoom } from "../../rooms/rooms.ts";

/** What people may do in a room. */
export interface RoomRoles {
  /** Role of a signed-in user. */
  of(room: StoredRoom, user: Pick<User, "id" | "role">): Promise<Role>;
  /** Role of anybody by id: guests and other systems' people have what the room granted them. */
  byId(room: StoredRoom, userId: string): Promise<Role>;
}

/** Makes {@link RoomRoles}: admins and the host by account, moderators by the room's state, until their time is over. */
export function createRoomRoles(parts: {
  readonly log: Pick<RoomLog, "standing">;
  readonly users: Users;
  readonly clock: Clock;
}): RoomRoles {
  const { log, users, clock } = parts;
  const granted = async (room: StoredRoom, userId: string): Promise<Role> => {
    const { role } = await log.standing(room.id, userId);
    return role && role.untilMs > clock.wallMs() ? role.role : "viewer";
  };
  const of: RoomRoles["of"] = async (room, user) => {
    if (user.role === "admin") return "admin";
    return room.host.id === user.id ? "host" : granted(room, user.id);
  };
  return {
    of,
    async byId(room, userId) {
      const account = await users.byId(userId);
      return account ? of(room, account) : granted(room, userId);
    },
  };
}

/** Whether somebody may act on somebody else: only on those below. */
export const outranks = (actor: Role, target: Role): boolean => ROLES.indexOf(actor) > ROLES.indexOf(target);
