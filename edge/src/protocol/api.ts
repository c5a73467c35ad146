/** Bodies of the HTTP API under /api/v1, as schemas; the player imports the types. */
import { ingestHealthSchema } from "@lianmai/ingest/contract";
import { type Static, Type } from "typebox";

/** Room name in URLs: lower-case letters, digits, single hyphens inside. */
export const slugSchema = Type.String({ minLength: 2, maxLength: 40, pattern: "^[a-z0-9](?:-?[a-z0-9])*$" });

/** RFC 9457 problem document; `code` is stable and documented in ops/docs/errors.md. */
export const problemSchema = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  code: Type.String(),
  detail: Type.Optional(Type.String()),
  /** Per-field messages of a body that does not fit. */
  fields: Type.Optional(Type.Array(Type.Object({ path: Type.String(), message: Type.String() }))),
  retryAfterMs: Type.Optional(Type.Integer()),
});
export type Problem = Static<typeof problemSchema>;

/** Body of POST /api/v1/users (sign up) and POST /api/v1/sessions (sign in). */
export const credentialsSchema = Type.Object(
  { name: Type.String({ minLength: 2, maxLength: 40 }), password: Type.String({ minLength: 8, maxLength: 200 }) },
  { additionalProperties: false },
);
export type Credentials = Static<typeof credentialsSchema>;

export const userSchema = Type.Object({
  id: Type.String(),
  name: Type.String(),
  role: Type.Union([Type.Literal("user"), Type.Literal("admin")]),
  createdAtMs: Type.Integer(),
});
export type User = Static<typeof userSchema>;

/** Answer of a sign-up or sign-in; the token goes into `Authorization: Bearer`. */
export const sessionSchema = Type.Object({ token: Type.String(), user: userSchema, expiresAtMs: Type.Integer() });
export type Session = Static<typeof sessionSchema>;

/** One of the signed-in user's sessions, without its token. */
export const sessionSummarySchema = Type.Object({
  id: Type.String(),
  current: Type.Boolean(),
  userAgent: Type.String(),
  createdAtMs: Type.Integer(),
  lastSeenAtMs: Type.Integer(),
  expiresAtMs: Type.Integer(),
});
export type SessionSummary = Static<typeof sessionSummarySchema>;

/** What is on air in a room. */
export const liveSchema = Type.Object({
  /** `live`: a publisher is sending. `interrupted`: on the slate, kept for the grace period. */
  at: Type.Union([Type.Literal("live"), Type.Literal("interrupted")]),
  programId: Type.String(),
  startedAtMs: Type.Integer(),
  /** Path of the multivariant playlist. */
  playlistPath: Type.String(),
  thumbnailPath: Type.String(),
  viewers: Type.Integer(),
  partTargetMs: Type.Integer(),
  renditions: Type.Array(
    Type.Object({
      name: Type.String(),
      width: Type.Integer(),
      height: Type.Integer(),
      fps: Type.Integer(),
      bitsPerSecond: Type.Integer(),
    }),
  ),
  /** Why there are fewer renditions than the source would allow; empty when there are not. */
  note: Type.String(),
});
export type Live = Static<typeof liveSchema>;

/** A room as anybody may see it; `live` is null when nothing is on air. */
export const roomSchema = Type.Object({
  slug: Type.String(),
  title: Type.String(),
  coverUrl: Type.String(),
  host: Type.Object({ id: Type.String(), name: Type.String() }),
  createdAtMs: Type.Integer(),
  /** Anybody may watch by WebRTC too; hosts, moderators and people on stage may anyway. */
  webrtc: Type.Boolean(),
  live: Type.Union([liveSchema, Type.Null()]),
});
export type Room = Static<typeof roomSchema>;

/** Settings a host may change; GET and PATCH /api/v1/rooms/:slug/settings. */
export const roomHostSettingsSchema = Type.Object({
  title: Type.String({ minLength: 1, maxLength: 120 }),
  coverUrl: Type.String({ maxLength: 500, pattern: "^$|^https?://|^/" }),
  takeover: Type.Union([Type.Literal("refuse"), Type.Literal("newest")]),
  graceMs: Type.Integer({ minimum: 0, maximum: 600_000 }),
  partTargetMs: Type.Integer({ minimum: 100, maximum: 1_000 }),
  /** Viewers may watch by WebRTC, as far as places go. */
  webrtc: Type.Boolean(),
});
export type RoomHostSettings = Static<typeof roomHostSettingsSchema>;

/** A stream key without its secret. */
export const streamKeySchema = Type.Object({
  id: Type.String(),
  label: Type.String(),
  /** Last four characters, to tell keys apart. */
  hint: Type.String(),
  state: Type.Union([Type.Literal("active"), Type.Literal("retired"), Type.Literal("revoked")]),
  createdAtMs: Type.Integer(),
});
export type StreamKey = Static<typeof streamKeySchema>;

/** Answer of POST stream-keys and of a rotation: the only time the secret is shown. */
export const newStreamKeySchema = Type.Object({
  key: Type.String(),
  streamKey: streamKeySchema,
  /** RTMP address for OBS, e.g. rtmp://host:1935/live */
  server: Type.String(),
  /** WHIP address of the room, e.g. https://host/whip/room; the key is its bearer token. */
  whipUrl: Type.String(),
  /** True when ingest does not know the key yet: it will as soon as Redis is back. */
  pending: Type.Boolean(),
});
export type NewStreamKey = Static<typeof newStreamKeySchema>;

/** Answer of GET /api/v1/rooms: rooms on air first; `nextCursor` goes into `?cursor=`, null at the end. */
export const roomListSchema = Type.Object({
  rooms: Type.Array(roomSchema),
  nextCursor: Type.Union([Type.String(), Type.Null()]),
});
export type RoomList = Static<typeof roomListSchema>;

/** Answer of GET /api/v1/users/me/rooms: the signed-in user's own rooms, newest first. */
export const ownRoomsSchema = Type.Object({ rooms: Type.Array(roomSchema) });
export type OwnRooms = Static<typeof ownRoomsSchema>;

/** Body of POST /api/v1/rooms. */
export const roomCreationSchema = Type.Object(
  {
    slug: slugSchema,
    title: Type.String({ minLength: 1, maxLength: 120 }),
    coverUrl: Type.Optional(Type.String({ maxLength: 500, pattern: "^$|^https?://|^/" })),
  },
  { additionalProperties: false },
);
export type RoomCreation = Static<typeof roomCreationSchema>;

/** Answer of GET /api/v1/sessions. */
export const sessionListSchema = Type.Object({ sessions: Type.Array(sessionSummarySchema) });
export type SessionList = Static<typeof sessionListSchema>;

/** Body of POST /api/v1/users/me/password; the other sessions of the user end. */
export const passwordChangeSchema = Type.Object(
  {
    currentPassword: Type.String({ minLength: 1, maxLength: 200 }),
    newPassword: Type.String({ minLength: 8, maxLength: 200 }),
  },
  { additionalProperties: false },
);
export type PasswordChange = Static<typeof passwordChangeSchema>;

/** Body of POST /api/v1/rooms/:slug/stream-keys. */
export const streamKeyCreationSchema = Type.Object(
  { label: Type.String({ minLength: 1, maxLength: 80 }) },
  { additionalProperties: false },
);
export type StreamKeyCreation = Static<typeof streamKeyCreationSchema>;

/** Answer of GET /api/v1/rooms/:slug/stream-keys: newest first, revoked ones included. */
export const streamKeyListSchema = Type.Object({ streamKeys: Type.Array(streamKeySchema) });
export type StreamKeyList = Static<typeof streamKeyListSchema>;

/** Answer of GET /api/v1/rooms/:slug/ingest-health, for the host. */
export const roomIngestHealthSchema = Type.Object({
  publishing: Type.Boolean(),
  /** The live publication, null when nobody publishes. */
  publication: Type.Union([
    Type.Object({
      keyId: Type.String(),
      keyLabel: Type.String(),
      protocol: Type.Enum(["rtmp", "whip", "stage"]),
      startedAtMs: Type.Integer(),
      videoCodec: Type.String(),
      audioCodec: Type.String(),
    }),
    Type.Null(),
  ]),
  /** The newest measurement, also of a publication that has ended a moment ago; null when there is none. */
  health: Type.Union([ingestHealthSchema, Type.Null()]),
});
export type RoomIngestHealth = Static<typeof roomIngestHealthSchema>;
