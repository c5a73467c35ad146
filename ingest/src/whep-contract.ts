/**
 * Viewers by WebRTC (WHEP), as edges name them to the stage processes: who asks, and whose sessions are to end.
 * Types, Redis names and validators only.
 */
import { type Static, Type } from "typebox";

/** What a viewer is known by: an account (`u:`), a device (`d:`) or, without a device's pass, an address (`a:`). */
const mark = Type.String({ pattern: "^[uda]:", maxLength: 200 });

/** Header of an edge's POST: URI-encoded JSON of {@link whepViewerSchema}. */
export const WHEP_VIEWER_HEADER = "x-lianmai-viewer";
export const whepViewerSchema = Type.Object({
  marks: Type.Array(mark, { maxItems: 8 }),
  /** Whether it takes one of the places of `MAX_WHEP_VIEWERS`. */
  counts: Type.Boolean(),
  /** Host, moderator or admin: watches whatever the room's switch says. */
  isStaff: Type.Boolean(),
});
export type WhepViewerFacts = Static<typeof whepViewerSchema>;

const room = Type.String({ minLength: 1, maxLength: 64 });
/** On {@link WHEP_COMMANDS_CHANNEL}, as JSON: sessions of a room that are to end, at every stage process. */
export const whepCommandSchema = Type.Union([
  /** Of those that bear one of the marks: they may not watch the room any more. */
  Type.Object({ kind: Type.Literal("removed"), room, marks: Type.Array(mark) }),
  /** The room's real time is off: of all but its staff and those that bear one of the marks. */
  Type.Object({ kind: Type.Literal("switched-off"), room, but: Type.Array(mark) }),
]);
export type WhepCommand = Static<typeof whepCommandSchema>;

export const WHEP_COMMANDS_CHANNEL = "stage:whep";
