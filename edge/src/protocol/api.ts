/** Bodies of the HTTP API under /api/v1, as schemas; the player imports the types. */
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
});
export type NewStreamKey = Static<typeof newStreamKeySchema>;
