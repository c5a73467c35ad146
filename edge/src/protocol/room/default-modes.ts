import type { RoomModes } from "./modes.ts";

/** Modes of a room nobody has changed. */
export const DEFAULT_MODES: RoomModes = {
  closed: false,
  guests: "read",
  slowMs: 0,
  followersMs: null,
  membersOnly: false,
  emoteOnly: false,
  uniqueMs: 0,
  media: true,
  hold: "filtered",
  shield: false,
};
