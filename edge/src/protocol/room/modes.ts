/** What a room lets people do; enforced by the sequencer, changed only by `mode` entries. */
import { type Static, Type } from "typebox";

const ms = (maximum: number) => Type.Integer({ minimum: 0, maximum });

/** Modes of a room. Moderators and above are exempt from all but `closed`. */
export const roomModesSchema = Type.Object(
  {
    /** Nobody but moderators may publish. */
    closed: Type.Boolean(),
    /** What people without an account may do. */
    guests: Type.Union([Type.Literal("none"), Type.Literal("read"), Type.Literal("talk")]),
    /** Least time between two messages of one person; 0: off. */
    slowMs: ms(3_600_000),
    /** Only followers of at least this long may talk; null: everybody. */
    followersMs: Type.Union([ms(366 * 86_400_000), Type.Null()]),
    /** Only members may talk. */
    membersOnly: Type.Boolean(),
    /** Only emotes. */
    emoteOnly: Type.Boolean(),
    /** The same text may not be said again by anybody within this time; 0: off. */
    uniqueMs: ms(600_000),
    /** Images, voice notes and files may be sent. */
    media: Type.Boolean(),
    /** `filtered`: what the word filter doubts waits for a moderator; `all`: everything does. */
    hold: Type.Union([Type.Literal("none"), Type.Literal("filtered"), Type.Literal("all")]),
    /** Raid shield: guests and people seen here for the first time cannot talk. */
    shield: Type.Boolean(),
  },
  { additionalProperties: false },
);
export type RoomModes = Static<typeof roomModesSchema>;
