/** Bodies of the moderation API under /api/v1/rooms/:slug; the player imports the types. */
import { type Static, Type } from "typebox";
import { cidSchema } from "./room/entry.ts";
import { roomModesSchema } from "./room/modes.ts";
import { roleSchema, userIdSchema } from "./room/people.ts";

const closed = { additionalProperties: false } as const;
const literals = <const Values extends readonly string[]>(values: Values) =>
  Type.Unsafe<Values[number]>(Type.Union(values.map((value) => Type.Literal(value))));
const count = Type.Integer({ minimum: 0 });
const personSchema = Type.Object({ id: Type.String(), name: Type.String() });

/** Why somebody acts; the words are the client's. */
export const REASONS = [
  "spam",
  "abuse",
  "hate",
  "sexual",
  "violence",
  "fraud",
  "spoiler",
  "off-topic",
  "other",
] as const;
export const reasonSchema = literals(REASONS);
export type Reason = Static<typeof reasonSchema>;

/** Longest mute, ban or kick with an end; 0 asks for one without. */
export const MAX_DURATION_MS = 366 * 86_400_000;
const durationMs = Type.Integer({ minimum: 0, maximum: MAX_DURATION_MS });
const person = { user: userIdSchema, name: Type.Optional(Type.String({ maxLength: 40 })) };
const why = { reason: Type.Optional(reasonSchema), note: Type.Optional(Type.String({ maxLength: 500 })) };
/** Makes a repeated request the same act; made by the server when absent. */
const id = { cid: Type.Optional(cidSchema) };

/** Body of POST moderation/acts. Durations in ms; 0: until undone. */
export const actRequestSchema = Type.Union([
  Type.Object({ act: literals(["delete", "restore"]), target: cidSchema, ...why, ...id }, closed),
  Type.Object({ act: literals(["purge", "unmute", "unban", "warn"]), ...person, ...why, ...id }, closed),
  Type.Object({ act: literals(["mute", "ban"]), ...person, durationMs, ...why, ...id }, closed),
  Type.Object(
    {
      act: Type.Literal("kick"),
      ...person,
      durationMs: Type.Integer({ minimum: 1_000, maximum: MAX_DURATION_MS }),
      /** Also keeps out new devices at the addresses the person watches from. */
      address: Type.Optional(Type.Boolean()),
      ...why,
      ...id,
    },
    closed,
  ),
  Type.Object(
    { act: Type.Literal("role"), ...person, role: literals(["viewer", "moderator"]), durationMs, ...why, ...id },
    closed,
  ),
]);
export type ActRequest = Static<typeof actRequestSchema>;

/** Answer of an act: its place in the log and in the audit. */
export const actDoneSchema = Type.Object({
  cid: Type.String(),
  gen: count,
  seq: count,
  auditId: count,
  untilMs: Type.Optional(count),
});
export type ActDone = Static<typeof actDoneSchema>;

/** Body of PATCH moderation/modes: what is given changes. */
export const modesChangeSchema = Type.Object(
  { ...Type.Partial(roomModesSchema).properties, ...why },
  { additionalProperties: false, minProperties: 1 },
);
export type ModesChange = Static<typeof modesChangeSchema>;

/** Body of PUT moderation/pin. */
export const pinRequestSchema = Type.Object(
  { text: Type.String({ minLength: 1, maxLength: 300 }), durationMs: Type.Optional(durationMs) },
  closed,
);
export type PinRequest = Static<typeof pinRequestSchema>;

const standingSchema = Type.Object({
  user: Type.String(),
  mutedUntilMs: Type.Optional(count),
  bannedUntilMs: Type.Optional(count),
  role: Type.Optional(roleSchema),
  roleUntilMs: Type.Optional(count),
});
/** Answer of GET moderation: the room as moderators see it. */
export const moderationStateSchema = Type.Object({
  modes: roomModesSchema,
  pinned: Type.Union([Type.Object({ text: Type.String(), untilMs: Type.Optional(count) }), Type.Null()]),
  standings: Type.Array(standingSchema),
  waiting: Type.Object({ holds: count, reports: count }),
  /** `suspected`: the room looks raided; `at`: since when. */
  raid: Type.Object({ state: literals(["calm", "suspected"]), sinceMs: Type.Optional(count), why: Type.String() }),
  you: Type.Object({ role: roleSchema }),
});
export type ModerationState = Static<typeof moderationStateSchema>;

export const holdSchema = Type.Object({
  id: Type.String(),
  from: personSchema,
  text: Type.String(),
  kind: Type.String(),
  /** Which rules fired, or `mode` when everything is held. */
  why: Type.Array(Type.Object({ rule: Type.String(), technique: Type.String(), text: Type.String() })),
  state: literals(["waiting", "approved", "rejected"]),
  atMs: count,
});
export type Hold = Static<typeof holdSchema>;
export const holdListSchema = Type.Object({ holds: Type.Array(holdSchema) });
export type HoldList = Static<typeof holdListSchema>;
export const holdDecisionSchema = Type.Object({ decision: literals(["approve", "reject"]), ...why }, closed);
export type HoldDecision = Static<typeof holdDecisionSchema>;

/** Body of POST reports, by anybody who may be in the room. */
export const reportRequestSchema = Type.Object(
  {
    cid: Type.Optional(cidSchema),
    user: Type.Optional(userIdSchema),
    reason: reasonSchema,
    text: Type.Optional(Type.String({ maxLength: 500 })),
  },
  { additionalProperties: false, minProperties: 2 },
);
export type ReportRequest = Static<typeof reportRequestSchema>;
export const reportSchema = Type.Object({
  id: Type.String(),
  cid: Type.String(),
  subject: personSchema,
  excerpt: Type.String(),
  reporter: personSchema,
  reason: Type.String(),
  text: Type.String(),
  state: literals(["open", "upheld", "dismissed"]),
  atMs: count,
});
export type Report = Static<typeof reportSchema>;
export const reportListSchema = Type.Object({ reports: Type.Array(reportSchema) });
export type ReportList = Static<typeof reportListSchema>;
export const reportDecisionSchema = Type.Object({ decision: literals(["uphold", "dismiss"]), ...why }, closed);
export type ReportDecision = Static<typeof reportDecisionSchema>;

export const noteSchema = Type.Object({
  id: Type.String(),
  text: Type.String(),
  by: personSchema,
  atMs: count,
});
export type Note = Static<typeof noteSchema>;
export const noteRequestSchema = Type.Object({ text: Type.String({ minLength: 1, maxLength: 1_000 }) }, closed);

export const auditEntrySchema = Type.Object({
  id: count,
  atMs: count,
  actor: Type.Object({ id: Type.String(), name: Type.String(), role: Type.String() }),
  act: Type.String(),
  roomId: Type.String(),
  subject: personSchema,
  reason: Type.String(),
  note: Type.String(),
  detail: Type.Record(Type.String(), Type.Unknown()),
  hash: Type.String(),
});
export const auditListSchema = Type.Object({ entries: Type.Array(auditEntrySchema) });
export type AuditEntry = Static<typeof auditEntrySchema>;
export type AuditList = Static<typeof auditListSchema>;

/** Answer of GET moderation/users/:id. */
export const userCardSchema = Type.Object({
  standing: standingSchema,
  followsSinceMs: Type.Union([count, Type.Null()]),
  member: Type.Boolean(),
  notes: Type.Array(noteSchema),
  history: Type.Array(auditEntrySchema),
});
export type UserCard = Static<typeof userCardSchema>;

const wordOptions = {
  word: Type.String({ minLength: 1, maxLength: 60 }),
  action: literals(["mask", "hold", "block"]),
  pinyin: Type.Optional(Type.Boolean()),
  homophones: Type.Optional(Type.Boolean()),
  initials: Type.Optional(Type.Boolean()),
  inside: Type.Optional(Type.Boolean()),
  variants: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 60 }), { maxItems: 40 })),
};
/** Body of POST moderation/words and POST /api/v1/moderation/words. */
export const wordRequestSchema = Type.Object(wordOptions, closed);
export type WordRequest = Static<typeof wordRequestSchema>;
export const wordSchema = Type.Object({ id: Type.String(), ...wordOptions });
export const wordListSchema = Type.Object({
  words: Type.Array(wordSchema),
  allow: Type.Array(Type.String()),
  /** Rules every room starts with; not listed one by one. */
  starter: Type.Boolean(),
});
export type WordList = Static<typeof wordListSchema>;
export const allowanceSchema = Type.Object({ text: Type.String({ minLength: 2, maxLength: 100 }) }, closed);

/** Body and answer of POST moderation/words/try: which rule fires on a text, and why. */
export const benchRequestSchema = Type.Object({ text: Type.String({ minLength: 1, maxLength: 1_000 }) }, closed);
export const benchAnswerSchema = Type.Object({
  action: literals(["pass", "mask", "hold", "block"]),
  masked: Type.String(),
  tookUs: Type.Number(),
  hits: Type.Array(
    Type.Object({
      ruleId: Type.String(),
      word: Type.String(),
      action: literals(["mask", "hold", "block"]),
      technique: Type.String(),
      start: count,
      end: count,
      text: Type.String(),
    }),
  ),
});
export type BenchAnswer = Static<typeof benchAnswerSchema>;

/** Answer of GET, PUT and DELETE follow. */
export const followSchema = Type.Object({
  following: Type.Boolean(),
  sinceMs: Type.Union([count, Type.Null()]),
  followers: count,
});
export type Follow = Static<typeof followSchema>;

/** Answer of GET /api/v1/users/me/moderated-rooms. */
export const moderatedRoomsSchema = Type.Object({
  rooms: Type.Array(Type.Object({ slug: Type.String(), title: Type.String() })),
});
export type ModeratedRooms = Static<typeof moderatedRoomsSchema>;

/** Body and answer of moderation/raid: nothing, a hint to the moderators, or the shield at once. */
export const raidOptionsSchema = Type.Object({ answer: literals(["ignore", "suggest", "shield"]) }, closed);
export type RaidAnswer = Static<typeof raidOptionsSchema>["answer"];

/** Answer of GET viewing: until when the asking browser is kept out of the room's video, null when it is not. */
export const viewingSchema = Type.Object({ removedUntilMs: Type.Union([Type.Integer(), Type.Null()]) });
export type Viewing = Static<typeof viewingSchema>;

/** Answer of POST uploads: name it in the body of a message within an hour. */
export const uploadSchema = Type.Object({
  id: Type.String(),
  kind: literals(["image", "voice", "file"]),
  type: Type.String(),
  sizeBytes: count,
  width: Type.Optional(count),
  height: Type.Optional(count),
  /** Works for a quarter of an hour. */
  url: Type.String(),
});
export type Upload = Static<typeof uploadSchema>;
