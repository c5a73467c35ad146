/**
 * The stage of a room: who is on it, in which seat, with which media. What ingest's stage process offers to transcode,
 * edge and player, and the commands it accepts. Types, Redis names and validators only.
 *
 * The stage process owns the document: every change goes through one pure reducer and is stored by compare-and-set on
 * `version`, then told as a whole on {@link STAGE_EVENTS_CHANNEL}. Readers follow the events and read the record at
 * their start. The document outlives every process.
 */
import { type Static, Type } from "typebox";

/** Seats beside the host's. */
export const MAX_SEATS = 8;
/** A participant whose connection is gone keeps its place for this long. */
export const SEAT_KEEP_MS = 15_000;
/** People on a stage document at once, hands raised included. */
export const MAX_PARTICIPANTS = 64;

const id = Type.String({ minLength: 1, maxLength: 64, pattern: "^[A-Za-z0-9_-]+$" });
const name = Type.String({ minLength: 1, maxLength: 80 });
const seatNumber = Type.Integer({ minimum: 1, maximum: MAX_SEATS });

/** Which of a participant's pictures and sounds a source is. */
export const sourceSlotSchema = Type.Enum(["camera", "screen"]);
export type SourceSlot = Static<typeof sourceSlotSchema>;

/**
 * One source of a participant, in the format of `@lianmai/ingest/rtp-handover`. `camera` carries the microphone's
 * sound too, `screen` the screen's, if there is any. A participant that reconnects has new sources.
 */
export const stageSourceSchema = Type.Object({
  sourceId: id,
  slot: sourceSlotSchema,
  /** Holds its own token; for transcode only. */
  url: Type.String({ maxLength: 1_024 }),
  hasVideo: Type.Boolean(),
  hasAudio: Type.Boolean(),
});
export type StageSource = Static<typeof stageSourceSchema>;

/**
 * Where a participant is. `asking`: hand raised. `invited`: asked by the host, has not answered. `backstage`: sees and
 * hears the stage, not on air. `seated`: on air once its media flow; seat 0 is the host's.
 */
export const placeSchema = Type.Union([
  Type.Object({ at: Type.Literal("asking") }),
  Type.Object({ at: Type.Literal("invited"), seat: Type.Optional(seatNumber) }),
  Type.Object({ at: Type.Literal("backstage") }),
  Type.Object({ at: Type.Literal("seated"), seat: Type.Integer({ minimum: 0, maximum: MAX_SEATS }) }),
]);
export type Place = Static<typeof placeSchema>;

/** What a participant has switched on, told by its own client; media that are off are not waited for. */
export const ownMediaSchema = Type.Object({
  microphone: Type.Boolean(),
  camera: Type.Boolean(),
  screen: Type.Boolean(),
});
export type OwnMedia = Static<typeof ownMediaSchema>;

export const stageParticipantSchema = Type.Object({
  /** Stable for a user in a room. */
  participantId: id,
  userId: id,
  name,
  role: Type.Enum(["host", "guest"]),
  place: placeSchema,
  /** When `place` was entered. */
  sinceMs: Type.Integer(),
  connection: Type.Enum(["connected", "away"]),
  /** While `away`: when the place is lost; else 0. */
  keepUntilMs: Type.Integer(),
  own: ownMediaSchema,
  /** By host or moderator; the participant's client cannot undo them. */
  muted: Type.Boolean(),
  hidden: Type.Boolean(),
  /** Loudness in the program, 1 as sent. */
  gain: Type.Number({ minimum: 0, maximum: 2 }),
  /**
   * Media for the mixer. The host's camera is not among them while the room has a publication (RTMP, WHIP or the
   * host's browser): the publication is seat 0's picture and sound.
   */
  sources: Type.Array(stageSourceSchema, { maxItems: 2 }),
});
export type StageParticipant = Static<typeof stageParticipantSchema>;

export const stageSchema = Type.Object({
  room: Type.String(),
  /** Grows with each change. */
  version: Type.Integer({ minimum: 0 }),
  updatedAtMs: Type.Integer(),
  /** Guests' seats in use: 1 to this. */
  capacity: Type.Integer({ minimum: 0, maximum: MAX_SEATS }),
  /** Seats nobody may be put into. */
  locked: Type.Array(seatNumber, { maxItems: MAX_SEATS }),
  participants: Type.Array(stageParticipantSchema, { maxItems: MAX_PARTICIPANTS }),
  /** Users who may not come back until allowed. */
  removed: Type.Array(Type.Object({ userId: id, name }), { maxItems: 256 }),
  /** Who was muted or hidden and has left: coming again does not undo it. */
  restrained: Type.Optional(
    Type.Array(Type.Object({ userId: id, muted: Type.Boolean(), hidden: Type.Boolean() }), { maxItems: 256 }),
  ),
});
export type Stage = Static<typeof stageSchema>;

/** What a participant asks for itself. */
export const ownCommandSchema = Type.Union([
  Type.Object({ kind: Type.Literal("raise-hand") }),
  Type.Object({ kind: Type.Literal("lower-hand") }),
  Type.Object({ kind: Type.Literal("accept") }),
  Type.Object({ kind: Type.Literal("decline") }),
  /** Off the stage, by one's own wish. */
  Type.Object({ kind: Type.Literal("leave") }),
  Type.Object({ kind: Type.Literal("own-media"), own: ownMediaSchema }),
]);
export type OwnCommand = Static<typeof ownCommandSchema>;

/** What host and moderators decide. */
export const directorCommandSchema = Type.Union([
  /** Asking or seated to backstage. */
  Type.Object({ kind: Type.Literal("to-backstage"), participantId: id }),
  /** Asking, backstage or another seat to a seat; the lowest free one unless named. Two seated ones change places. */
  Type.Object({ kind: Type.Literal("to-seat"), participantId: id, seat: Type.Optional(seatNumber) }),
  Type.Object({ kind: Type.Literal("invite"), userId: id, name, seat: Type.Optional(seatNumber) }),
  /** Off the stage; `ban`: may not come back until allowed. */
  Type.Object({ kind: Type.Literal("remove"), participantId: id, ban: Type.Boolean() }),
  Type.Object({ kind: Type.Literal("allow"), userId: id }),
  Type.Object({ kind: Type.Literal("lock-seat"), seat: seatNumber, locked: Type.Boolean() }),
  /** Those in seats beyond go backstage. */
  Type.Object({ kind: Type.Literal("capacity"), capacity: Type.Integer({ minimum: 0, maximum: MAX_SEATS }) }),
  Type.Object({ kind: Type.Literal("mute"), participantId: id, muted: Type.Boolean() }),
  Type.Object({ kind: Type.Literal("hide"), participantId: id, hidden: Type.Boolean() }),
  Type.Object({
    kind: Type.Literal("gain"),
    participantId: id,
    gain: Type.Number({ minimum: 0, maximum: 2 }),
  }),
]);
export type DirectorCommand = Static<typeof directorCommandSchema>;

/** Who acts. `director`: the room's host or one of its moderators. */
export const stageActorSchema = Type.Object({ userId: id, name, role: Type.Enum(["host", "moderator", "guest"]) });
export type StageActor = Static<typeof stageActorSchema>;

/** Why a command is refused. */
export const STAGE_REFUSALS = [
  "not-director",
  /** A moderator on the host. */
  "outranked",
  "unknown-participant",
  "no-free-seat",
  "seat-locked",
  "seat-unknown",
  "not-invited",
  "wrong-place",
  "removed",
  "stage-full",
] as const;
export type StageRefusal = (typeof STAGE_REFUSALS)[number];

/**
 * On {@link STAGE_COMMANDS_CHANNEL}, as JSON: acts of moderation from elsewhere than the stage's own signalling. The
 * process that holds the room's stage applies it, or any when none does; a refusal is not answered.
 */
export const stageCommandMessageSchema = Type.Object({
  room: Type.String({ minLength: 1, maxLength: 64 }),
  actor: stageActorSchema,
  command: directorCommandSchema,
});
export type StageCommandMessage = Static<typeof stageCommandMessageSchema>;

/** What happened. `actorId` is empty when time did it. */
export interface StageChange {
  readonly what: OwnCommand["kind"] | DirectorCommand["kind"] | "away" | "back" | "expired" | "sources" | "joined";
  readonly actorId: string;
  readonly participantId: string;
}

/** On {@link STAGE_EVENTS_CHANNEL}, as JSON: each change with the whole document after it. */
export interface StageEvent {
  readonly kind: "stage";
  readonly stage: Stage;
  readonly change: StageChange;
}

/** Changes that the room log tells; the others are switches and sources that come and go with the media. */
export const LOGGED_CHANGES = [
  "raise-hand",
  "lower-hand",
  "accept",
  "decline",
  "leave",
  "to-backstage",
  "to-seat",
  "invite",
  "remove",
  "allow",
  "lock-seat",
  "capacity",
  "mute",
  "hide",
  "joined",
  "away",
  "back",
  "expired",
] as const satisfies readonly StageChange["what"][];

const person = Type.Object({ id: Type.String(), name: Type.String() });
/**
 * One change for the room log, in field `record` of an entry of {@link STAGE_LOG_REDIS_KEY}: stored with the change
 * itself, taken out by the edge once it is in the log.
 */
export const stageLogRecordSchema = Type.Object({
  room: Type.String(),
  version: Type.Integer(),
  what: Type.Enum(LOGGED_CHANGES),
  /** Who did it; null: time. */
  actor: Type.Union([stageActorSchema, Type.Null()]),
  /** To whom; null: to nobody. */
  participant: Type.Union([person, Type.Null()]),
  /** The seat taken, kept for the invited or locked; for `capacity` how many there are. */
  seat: Type.Optional(Type.Integer({ minimum: 0, maximum: MAX_SEATS })),
  /** Muted, hidden, locked, kept out: or no longer. */
  on: Type.Optional(Type.Boolean()),
});
export type StageLogRecord = Static<typeof stageLogRecordSchema>;

/** A stage process that takes rooms; its record expires unless renewed. */
export const stageNodeSchema = Type.Object({
  nodeId: id,
  /** Internal HTTP address: signalling, WHIP and WHEP are proxied to it. */
  url: Type.String(),
  /** Bearer token of every such call. */
  token: Type.String(),
  /** Packets a second, in and out: the least loaded node takes new rooms. */
  packetsPerSecond: Type.Number(),
  draining: Type.Boolean(),
});
export type StageNode = Static<typeof stageNodeSchema>;

/** Redis: JSON {@link Stage} of a room; kept a day after its last change. */
export const stageRedisKey = (room: string): string => `stage:room:${room}`;
/** Redis set: rooms that may have a stage. */
export const STAGES_REDIS_KEY = "stage:rooms";
/** Redis: JSON {@link StageNode}. */
export const stageNodeRedisKey = (nodeId: string): string => `stage:node:${nodeId}`;
/** Redis set: nodes that may be alive. */
export const STAGE_NODES_REDIS_KEY = "stage:nodes";
/** Redis: id of the node that holds a room's connections; expires unless renewed. */
export const stagePlaceRedisKey = (room: string): string => `stage:place:${room}`;
/** Redis stream: {@link StageLogRecord}s that are not in the room log yet, oldest first. */
export const STAGE_LOG_REDIS_KEY = "stage:log";
export const STAGE_EVENTS_CHANNEL = "stage:events";
export const STAGE_COMMANDS_CHANNEL = "stage:commands";
