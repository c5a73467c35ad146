/**
 * The layout document: who is seen where in a program's picture. The mixer draws by it, the studio previews it, the
 * player finds the participant under a tap in it, and it travels with the media as timed metadata.
 * A reader refuses a `version` it does not know; fields may be added within one.
 */
import { type Static, Type } from "typebox";

export const LAYOUT_VERSION = 1;
/** Most participants drawn in one room's area: the host and eight guests. */
export const MOST_PARTICIPANTS = 9;
/** Participant that stands for the host while an encoder feeds the room and the host is not on the stage. */
export const ENCODER_ID = "host";

/** How the tiles are arranged. `screen` is a shared screen with speakers, `audio-room` avatars only (语聊房). */
export const layoutKindSchema = Type.Union([
  Type.Literal("solo"),
  Type.Literal("side-by-side"),
  Type.Literal("picture-in-picture"),
  Type.Literal("grid"),
  Type.Literal("screen"),
  Type.Literal("audio-room"),
]);
export type LayoutKind = Static<typeof layoutKindSchema>;

/** What the host wants to see; `auto` follows who is on stage. */
export const layoutChoiceSchema = Type.Object(
  {
    kind: Type.Union([Type.Literal("auto"), layoutKindSchema]),
    /** Participant in the large place; absent or not on stage: the screen's owner, else the first of the stage. */
    focus: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
  },
  { additionalProperties: false },
);
export type LayoutChoice = Static<typeof layoutChoiceSchema>;

/** One participant's place, in pixels of the canvas: all even, the width a multiple of 16 unless it is the whole. */
export const layoutTileSchema = Type.Object({
  /** Room whose stage the participant is on: another room's in a PK. */
  room: Type.String({ maxLength: 64 }),
  participantId: Type.String({ minLength: 1, maxLength: 64 }),
  /** `avatar` stands for a participant without a camera. */
  media: Type.Union([Type.Literal("camera"), Type.Literal("screen"), Type.Literal("avatar")]),
  x: Type.Integer({ minimum: 0 }),
  y: Type.Integer({ minimum: 0 }),
  width: Type.Integer({ minimum: 16 }),
  height: Type.Integer({ minimum: 2 }),
  /** `contain` shows the whole picture between bars, `cover` fills the tile and crops evenly. */
  fit: Type.Union([Type.Literal("contain"), Type.Literal("cover")]),
  shape: Type.Union([Type.Literal("rectangle"), Type.Literal("circle")]),
  name: Type.String({ maxLength: 80 }),
  /** Not heard: by the participant's own wish or by a director's. */
  isMuted: Type.Boolean(),
  /** Where the name is written: over the tile's lower edge, under the tile, nowhere. */
  label: Type.Union([Type.Literal("inside"), Type.Literal("below"), Type.Literal("none")]),
});
export type LayoutTile = Static<typeof layoutTileSchema>;

export const layoutDocumentSchema = Type.Object({
  version: Type.Literal(LAYOUT_VERSION),
  kind: layoutKindSchema,
  canvas: Type.Object({ width: Type.Integer({ minimum: 16 }), height: Type.Integer({ minimum: 16 }) }),
  /** From back to front: the last tile under a tap is the one that is seen. */
  tiles: Type.Array(layoutTileSchema, { maxItems: 4 * MOST_PARTICIPANTS }),
});
export type LayoutDocument = Static<typeof layoutDocumentSchema>;
