/**
 * What ingest offers to the processes downstream of it, and the commands it accepts.
 * Types, Redis names and validators only.
 */
import { type Static, Type } from "typebox";

/** What happens to a second publisher of a room that already has one. */
export const takeoverSchema = Type.Union([Type.Literal("refuse"), Type.Literal("newest")]);
export type Takeover = Static<typeof takeoverSchema>;

/**
 * A stream key as ingest sees it: the accounts' owner (edge) writes one per key, under the key's hash.
 * `active`: may publish. `retired`: rotated out; a live session goes on, a new one is refused.
 * `revoked`: refused, and a live session is ended.
 */
export const streamKeyGrantSchema = Type.Object({
  keyId: Type.String({ minLength: 1, maxLength: 64 }),
  label: Type.String({ maxLength: 80 }),
  room: Type.String({ minLength: 1, maxLength: 64 }),
  state: Type.Union([Type.Literal("active"), Type.Literal("retired"), Type.Literal("revoked")]),
  takeover: takeoverSchema,
});
export type StreamKeyGrant = Static<typeof streamKeyGrantSchema>;

/**
 * How a source's address answers. `flv`: an endless FLV body of header, metadata, sequence headers, the frames since
 * the last keyframe, then every tag as it arrives. `rtp`: an endless body as `@lianmai/ingest/rtp-handover` reads it.
 */
export const sourceFormatSchema = Type.Enum(["flv", "rtp"]);
export type SourceFormat = Static<typeof sourceFormatSchema>;

/** One publisher's live session, as announced to transcode. */
export const publicationSchema = Type.Object({
  room: Type.String(),
  sessionId: Type.String(),
  keyId: Type.String(),
  /** `stage`: the host's browser, connected to the room's stage. */
  protocol: Type.Union([Type.Literal("rtmp"), Type.Literal("whip"), Type.Literal("stage")]),
  /** Milliseconds since the Unix epoch. */
  startedAtMs: Type.Integer(),
  /** HTTP address of the media; holds its own token. The body ends when the publisher is gone. */
  sourceUrl: Type.String(),
  sourceFormat: sourceFormatSchema,
  videoCodec: Type.Enum(["h264", "hevc", "av1", "vp8", "none"]),
  audioCodec: Type.Enum(["aac", "opus", "none"]),
  /** From the publisher's metadata: a hint, never trusted for sizes. 0 when unknown. */
  fpsHint: Type.Number(),
});
export type Publication = Static<typeof publicationSchema>;

/**
 * On {@link INGEST_EVENTS_CHANNEL}, as JSON. The same facts stand in the publication record.
 * `published` comes again, with the same session, when the record has changed (sound began late) or Redis had lost
 * it. A successor's `published` never comes before its predecessor's `unpublished`. When ingest dies without a word
 * there is no event: the record expires, or the next run tells `ingest-restarted`.
 * `reason`: `closed` (connection gone), `unpublished` (the encoder stopped), `idle`, `protocol-error`, `taken-over`,
 * `key-revoked`, `room-ended`, `codec-unsupported`, `ingest-stopping`, `ingest-restarted`.
 */
export type IngestEvent =
  | { readonly kind: "published"; readonly publication: Publication }
  | { readonly kind: "unpublished"; readonly room: string; readonly sessionId: string; readonly reason: string };

/** On {@link INGEST_COMMANDS_CHANNEL}, as JSON. */
export const ingestCommandSchema = Type.Union([
  Type.Object({ kind: Type.Literal("grant-changed"), keyHash: Type.String() }),
  Type.Object({ kind: Type.Literal("end-room"), room: Type.String(), reason: Type.String() }),
]);
export type IngestCommand = Static<typeof ingestCommandSchema>;

/** One thing wrong with what a publisher sends, with the setting to change; texts are the player's, by `code`. */
export const ingestFindingSchema = Type.Object({
  code: Type.Enum([
    "keyframe-interval-long",
    "keyframe-interval-uneven",
    "b-frames",
    "bitrate-low",
    "bitrate-unsteady",
    "fps-low",
    "fps-uneven",
    "timestamp-jump",
    "timestamp-backwards",
    "audio-gap",
    "audio-missing",
    "clock-drift",
    "late-arrival",
    "codec-unsupported",
  ]),
  severity: Type.Union([Type.Literal("info"), Type.Literal("warn"), Type.Literal("error")]),
  /** Measured value and the unit-less numbers a text needs. */
  values: Type.Record(Type.String(), Type.Number()),
  /** Where OBS has the setting, e.g. "Settings > Output > Streaming > Keyframe Interval". */
  obsSetting: Type.String(),
  firstSeenMs: Type.Integer(),
  lastSeenMs: Type.Integer(),
});
export type IngestFinding = Static<typeof ingestFindingSchema>;

/** What ingest measures of a publisher, about once a second. */
export const ingestHealthSchema = Type.Object({
  room: Type.String(),
  sessionId: Type.String(),
  atMs: Type.Integer(),
  uptimeMs: Type.Integer(),
  encoder: Type.String({ maxLength: 120 }),
  width: Type.Integer(),
  height: Type.Integer(),
  videoCodec: Type.String(),
  audioCodec: Type.String(),
  fps: Type.Number(),
  videoBitsPerSecond: Type.Number(),
  audioBitsPerSecond: Type.Number(),
  keyframeIntervalMs: Type.Number(),
  bFrames: Type.Boolean(),
  timestampJumps: Type.Integer(),
  audioGaps: Type.Integer(),
  /** Publisher's media clock against ours, parts per million; 0 until a minute has been seen. */
  driftPpm: Type.Number(),
  droppedTags: Type.Integer(),
  findings: Type.Array(ingestFindingSchema),
});
export type IngestHealth = Static<typeof ingestHealthSchema>;

/** Redis: JSON {@link StreamKeyGrant}, under SHA-256 (hex) of the stream key. No expiry. */
export const grantRedisKey = (keyHash: string): string => `ingest:grant:${keyHash}`;
/** Redis: JSON {@link Publication} of a room; expires unless renewed. */
export const publicationRedisKey = (room: string): string => `ingest:publication:${room}`;
/** Redis: JSON {@link IngestHealth} of a room, the newest; kept a while after the end. */
export const healthRedisKey = (room: string): string => `ingest:health:${room}`;
/** Redis set: rooms that may have a publication record. */
export const PUBLICATIONS_REDIS_KEY = "ingest:publications";
export const INGEST_EVENTS_CHANNEL = "ingest:events";
export const INGEST_COMMANDS_CHANNEL = "ingest:commands";
/** A publication record is renewed each second and dies after this long. */
export const PUBLICATION_TTL_MS = 5_000;
