import type { Clock } from "@lianmai/process";
import type { ModerationState } from "../protocol/moderation.ts";
import type { RoomLog, Standing } from "../room/room-log.ts";
import type { StoredRoom } from "../rooms/rooms.ts";
import type { Actor } from "./acts/acts.ts";
import type { RaidWatch } from "./raid.ts";
import type { Holds } from "./store/holds.ts";
import type { Reports } from "./store/reports.ts";

/** Where the state of a room's moderation is read. */
export interface StateParts {
  readonly log: Pick<RoomLog, "state">;
  readonly holds: Holds;
  readonly reports: Reports;
  readonly raidOf: (roomId: string) => RaidWatch;
  readonly clock: Clock;
}

/** The room as moderators see it. */
export async function describeState(room: StoredRoom, by: Actor, parts: StateParts): Promise<ModerationState> {
  const { log, holds, reports, raidOf, clock } = parts;
  const { modes, pinned, standings } = await log.state(room.id);
  const { state, sinceMs, why } = raidOf(room.id).view(clock.monotonicMs());
  const agoMs = sinceMs === undefined ? undefined : clock.monotonicMs() - sinceMs;
  return {
    modes,
    pinned: pinned && { text: pinned.text, ...(pinned.untilMs !== undefined && { untilMs: pinned.untilMs }) },
    standings: [...standings].map(([user, standing]) => describeStanding(user, standing)),
    waiting: { holds: holds.waiting(room.id), reports: reports.open(room.id) },
    raid: { state, why, ...(agoMs !== undefined && { sinceMs: Math.round(clock.wallMs() - agoMs) }) },
    you: { role: by.role },
  };
}

/** What a person is under, for the API. */
export const describeStanding = (user: string, { mutedUntilMs, bannedUntilMs, role }: Standing) => ({
  user,
  ...(mutedUntilMs !== undefined && { mutedUntilMs }),
  ...(bannedUntilMs !== undefined && { bannedUntilMs }),
  ...(role && { role: role.role, roleUntilMs: role.untilMs }),
});
