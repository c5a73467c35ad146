/**
 * What transcode offers to the edge, and the commands it accepts.
 * Types, Redis names and validators only.
 */
import { type Static, Type } from "typebox";

/** A room's wishes for its programs; the accounts' owner (edge) writes them, defaults apply when absent. */
export const roomSettingsSchema = Type.Object({
  /** How long a program is kept, on the slate, after its publisher is gone. */
  graceMs: Type.Integer({ minimum: 0, maximum: 600_000, default: 60_000 }),
  /** Duration aimed at for a part; rounded to whole frames. */
  partTargetMs: Type.Integer({ minimum: 100, maximum: 1_000, default: 333 }),
});
export type RoomSettings = Static<typeof roomSettingsSchema>;

/** Constant format of a program, fixed at its first source. Audio is always 48 kHz stereo. */
export const programFormatSchema = Type.Object({
  width: Type.Integer(),
  height: Type.Integer(),
  /** Whole frames per second: 24, 25, 30, 48, 50 or 60. */
  fps: Type.Integer(),
});
export type ProgramFormat = Static<typeof programFormatSchema>;

/** One target encoding of the ladder. */
export const rungSchema = Type.Object({
  /** URI-safe, unique in the ladder: "720p", "360p", "audio". */
  name: Type.String({ pattern: "^[a-z0-9]+$" }),
  width: Type.Integer(),
  height: Type.Integer(),
  fps: Type.Integer(),
  videoBitsPerSecond: Type.Integer(),
  audioBitsPerSecond: Type.Integer(),
});
export type Rung = Static<typeof rungSchema>;

/** A program as the edge and the API see it. */
export const programRecordSchema = Type.Object({
  room: Type.String(),
  /** Unique for each program, URI-safe; the media path holds it. */
  programId: Type.String(),
  /** Fencing number: grows each time a transcode process takes the program. Part URIs hold it. */
  epoch: Type.Integer(),
  at: Type.Union([Type.Literal("live"), Type.Literal("interrupted"), Type.Literal("ended")]),
  /** When `at` was entered. */
  sinceMs: Type.Integer(),
  startedAtMs: Type.Integer(),
  /** Base URL of the origin that holds the program's media, e.g. http://127.0.0.1:8092 */
  originUrl: Type.String(),
  format: programFormatSchema,
  partFrames: Type.Integer(),
  segmentFrames: Type.Integer(),
  rungs: Type.Array(rungSchema),
  /** Rungs given up under overload, by name. */
  shed: Type.Array(Type.String()),
  /** Why the ladder is smaller than the source would allow; empty when it is not. */
  ladderNote: Type.String(),
  encoder: Type.String(),
  updatedAtMs: Type.Integer(),
});
export type ProgramRecord = Static<typeof programRecordSchema>;

/** On {@link TRANSCODE_EVENTS_CHANNEL}, as JSON: the record after each change of state. */
export type TranscodeEvent = { readonly kind: "program"; readonly program: ProgramRecord };

/** On {@link TRANSCODE_COMMANDS_CHANNEL}, as JSON. */
export const transcodeCommandSchema = Type.Union([
  Type.Object({ kind: Type.Literal("end-program"), room: Type.String(), reason: Type.String() }),
  Type.Object({ kind: Type.Literal("settings-changed"), room: Type.String() }),
  Type.Object({ kind: Type.Literal("layout-changed"), room: Type.String() }),
]);
export type TranscodeCommand = Static<typeof transcodeCommandSchema>;

/** Redis: JSON {@link RoomSettings}. No expiry. */
export const roomSettingsRedisKey = (room: string): string => `transcode:settings:${room}`;
/** Redis: JSON `LayoutChoice` (`@lianmai/transcode/layout/document`) of a room; automatic when absent. No expiry. */
export const layoutChoiceRedisKey = (room: string): string => `transcode:layout:${room}`;
/** Redis: JSON {@link ProgramRecord} of the room's newest program; kept after its end. */
export const programRedisKey = (room: string): string => `transcode:program:${room}`;
/** Redis set: rooms whose newest program has not ended. */
export const PROGRAMS_REDIS_KEY = "transcode:programs";
export const TRANSCODE_EVENTS_CHANNEL = "transcode:events";
export const TRANSCODE_COMMANDS_CHANNEL = "transcode:commands";

/** Path of a room's multivariant playlist, at the origin and at every edge. */
export const multivariantPath = (room: string): string => `/live/${room}/index.m3u8`;
/** Path of one rendition's media playlist, at the origin and at every edge. */
export const mediaPlaylistPath = (program: Pick<ProgramRecord, "room" | "programId">, rung: string): string =>
  `/live/${program.room}/${program.programId}/${rung}/media.m3u8`;
/** Path of a room's newest thumbnail (JPEG), at the origin and at every edge. */
export const thumbnailPath = (room: string): string => `/live/${room}/thumbnail.jpg`;
