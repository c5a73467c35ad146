/** The typed envelope of everything in a room's log: one schema per kind. */
import { type Static, type TSchema, Type } from "typebox";
import { KIND_LIMITS, STAGE_HAPPENINGS, type StageHappening } from "./limits.ts";
import { roomModesSchema } from "./modes.ts";
import { type authorSchema, roleSchema, userIdSchema } from "./people.ts";

const closed = <const Properties extends Record<string, TSchema>>(properties: Properties) =>
  Type.Object(properties, { additionalProperties: false });
const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

/** Id of an entry for its whole life, made by whoever writes it (UUIDv7 by clients); its idempotency key. */
export const cidSchema = Type.String({ minLength: 8, maxLength: 64, pattern: "^[A-Za-z0-9_-]+$" });

/** Place in a room's log. `gen` grows when the hot log may have lost its tail; `seq` counts from 1 in each. */
export const positionSchema = closed({ gen: count, seq: count });
export type Position = Static<typeof positionSchema>;

const reference = Type.Optional(cidSchema);
const uploadId = Type.String({ minLength: 8, maxLength: 64, pattern: "^[A-Za-z0-9_-]+$" });
/** Filled in by the server from the stored upload; what a client sends here is not believed. */
const upload = {
  upload: uploadId,
  url: Type.Optional(Type.String({ maxLength: 500 })),
  type: Type.Optional(Type.String({ maxLength: 80 })),
  sizeBytes: Type.Optional(count),
};

const target = { user: userIdSchema, name: Type.Optional(Type.String({ maxLength: 40 })) };
const until = { untilMs: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }) };
/** Why, from the moderation's list of reasons; the words are for moderators and not in the log. */
const why = { reason: Type.Optional(Type.String({ maxLength: 64 })) };

/** Moderation acts. `untilMs` is wall time; `FOREVER_MS` means until undone. */
export const actSchema = Type.Union([
  closed({ act: Type.Literal("delete"), cid: cidSchema, ...why }),
  closed({ act: Type.Literal("restore"), cid: cidSchema, ...why }),
  /** Everything the person has said before this entry is withdrawn. */
  closed({ act: Type.Literal("purge"), ...target, ...why }),
  closed({ act: Type.Literal("mute"), ...target, ...until, ...why }),
  closed({ act: Type.Literal("unmute"), ...target, ...why }),
  closed({ act: Type.Literal("ban"), ...target, ...until, ...why }),
  closed({ act: Type.Literal("unban"), ...target, ...why }),
  /** Out of chat and video now, and no way back before `untilMs`. */
  closed({ act: Type.Literal("kick"), ...target, ...until, ...why }),
  closed({ act: Type.Literal("warn"), ...target, ...why }),
  closed({ act: Type.Literal("role"), ...target, role: roleSchema, ...until }),
]);
export type ModerationAct = Static<typeof actSchema>;

/** Body by kind. */
export const bodySchemas = {
  text: closed({
    text: Type.String({ minLength: 1, maxLength: KIND_LIMITS.text.maxCharacters }),
    /** The entry this one answers. */
    reply: reference,
    /** People named in the text, by id. */
    mentions: Type.Optional(
      Type.Array(closed({ id: userIdSchema, name: Type.String({ maxLength: 40 }) }), { maxItems: 10 }),
    ),
  }),
  emote: closed({ emote: Type.String({ minLength: 1, maxLength: KIND_LIMITS.emote.maxCharacters }), reply: reference }),
  image: closed({
    ...upload,
    width: Type.Optional(count),
    height: Type.Optional(count),
    alt: Type.Optional(Type.String({ maxLength: KIND_LIMITS.image.maxCharacters })),
    reply: reference,
  }),
  voice: closed({ ...upload, durationMs: Type.Optional(count), reply: reference }),
  file: closed({
    ...upload,
    name: Type.String({ minLength: 1, maxLength: KIND_LIMITS.file.maxCharacters }),
    reply: reference,
  }),
  /** Written by the ledger's outbox only; totals are absolute, so a viewer who missed some overwrites and never adds. */
  gift: closed({
    gift: Type.String({ maxLength: 64 }),
    /** Ledger transactions this entry tells of. */
    tx: Type.Array(Type.String({ maxLength: 64 }), { minItems: 1, maxItems: 64 }),
    to: Type.Optional(userIdSchema),
    /** Of somebody on the stage; not of the host. */
    toName: Type.Optional(Type.String({ maxLength: 40 })),
    combo: Type.String({ maxLength: 64 }),
    /** Given with this entry. */
    quantity: count,
    /** Given in the whole combo so far, and its worth in coins. */
    total: count,
    coins: count,
    /** No more will join this combo. */
    final: Type.Boolean(),
  }),
  /** A message somebody paid for, from the ledger's outbox; pinned until `pinnedUntilMs`. */
  paid: closed({
    tx: Type.String({ maxLength: 64 }),
    text: Type.String({ maxLength: KIND_LIMITS.paid.maxCharacters }),
    coins: count,
    pinnedUntilMs: count,
  }),
  /** A notice of the service; `code` names the text in the player, `values` fill it. */
  system: closed({
    code: Type.String({ minLength: 1, maxLength: 64 }),
    values: Type.Optional(
      Type.Record(Type.String({ maxLength: 40 }), Type.Union([Type.String({ maxLength: 200 }), Type.Number()])),
    ),
  }),
  /**
   * Something on the stage: who sat down, was muted, has left. `from` did it, the service when time did; `user` is whom
   * it was done to. `seat`: taken, kept or locked; of `capacity` the number of seats. `on`: muted, hidden, locked, kept
   * out (`remove`), or no longer. `layout`: kind of the layout the host has chosen.
   */
  stage: closed({
    what: Type.Unsafe<StageHappening>(Type.Union(STAGE_HAPPENINGS.map((what) => Type.Literal(what)))),
    user: Type.Optional(userIdSchema),
    name: Type.Optional(Type.String({ maxLength: 80 })),
    seat: Type.Optional(Type.Integer({ minimum: 0, maximum: 8 })),
    on: Type.Optional(Type.Boolean()),
    layout: Type.Optional(Type.String({ maxLength: 32 })),
  }),
  act: actSchema,
  mode: closed({ modes: roomModesSchema, changed: Type.Array(Type.String({ maxLength: 20 }), { maxItems: 20 }) }),
  pin: closed({
    text: Type.String({ minLength: 1, maxLength: KIND_LIMITS.pin.maxCharacters }),
    cid: reference,
    untilMs: Type.Optional(count),
  }),
  unpin: closed({}),
  /** Stands in the place of an entry that act `by` has withdrawn. */
  gone: closed({ was: Type.String({ maxLength: 16 }), by: cidSchema }),
} as const;

/** Kinds in the log. */
export type Kind = keyof typeof bodySchemas;
/** Body of a kind. */
export type BodyOf<K extends Kind> = Static<(typeof bodySchemas)[K]>;

/** What every entry carries. */
interface EntryCommon extends Position {
  readonly cid: string;
  /** Sequenced at, wall time of the sequencer; never goes back within a room. */
  readonly atMs: number;
  readonly from: Author;
  /** Program time at the writer when it was written, so that chat can be replayed beside a recording. */
  readonly mediaMs?: number;
}
type Author = Static<typeof authorSchema>;

/** One entry of a room's log. */
export type Entry = { readonly [K in Kind]: EntryCommon & { readonly kind: K; readonly body: BodyOf<K> } }[Kind];
/** Entry of one kind. */
export type EntryOf<K extends Kind> = Extract<Entry, { readonly kind: K }>;
/** An entry in a frame: `gen` is the frame's. */
export type WireEntry = Entry extends infer Each ? (Each extends Entry ? Omit<Each, "gen"> : never) : never;
