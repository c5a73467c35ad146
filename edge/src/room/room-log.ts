/**
 * The room log as the rest of the edge sees it: one append-only log per room, ordered by (gen, seq). Rooms are named
 * by their id, never by their slug: a slug may be given to another room later.
 *
 * What an append means: the entry has its place (`gen`, `seq`) once it resolves, and is durable once {@link RoomLog.durable}
 * has passed that place. State that a moderation act changes (mutes, bans, roles, modes, pin) is on disk before the
 * act is sequenced, and changes in the same Redis function call as the act's entry: nothing that the act forbids has
 * a higher place, also after Redis has lost its tail or failed over.
 */
import type { NackCode } from "../protocol/room/codes.ts";
import type { BodyOf, Entry, Kind, Position } from "../protocol/room/entry.ts";
import type { Pinned } from "../protocol/room/frames.ts";
import type { RoomModes } from "../protocol/room/modes.ts";
import type { Author } from "../protocol/room/people.ts";
import type { Role } from "../protocol/room/roles.ts";

/** Who publishes, as proved by a token; facts that modes ask for are looked up by the gateway. */
export interface Speaker extends Author {
  /** Version of the person that the token carries; the sequencer refuses one older than the last revocation. */
  readonly version: number;
  readonly isMember: boolean;
  /** Follows the host since; null: does not. */
  readonly followsSinceMs: number | null;
  /** Seen in this room before; asked under the raid shield. */
  readonly isKnown: boolean;
}

/** An entry of a person that has no place yet. */
export interface Draft<K extends Kind = Kind> {
  readonly cid: string;
  readonly kind: K;
  readonly body: BodyOf<K>;
  readonly mediaMs?: number;
}

/** What happened to a publication. */
export type Published =
  | ({ readonly ok: true; readonly atMs: number; readonly repeated: boolean } & Position)
  | {
      readonly ok: false;
      readonly code: NackCode;
      readonly retryMs?: number;
      readonly untilMs?: number;
      readonly hint?: string;
    };

/** What an admission hook says about a draft, before it has a place. */
export type Verdict =
  | { readonly verdict: "allow" }
  /** Goes on with another body (masked words, resolved upload); later hooks see the new body. */
  | { readonly verdict: "replace"; readonly body: BodyOf<Kind> }
  /** Kept by the hook for a moderator; the sender gets nack `held`. {@link RoomLog.release} brings it in later. */
  | { readonly verdict: "hold"; readonly holdId: string }
  | { readonly verdict: "refuse"; readonly code: "blocked" | "invalid" | "forbidden" | "rate"; readonly hint?: string };

/**
 * Decides on drafts of people, e.g. the word filter. Called once per draft, in the order of registration, before
 * ban, mute, modes and duplicates are checked in the sequencer, so it must be idempotent by `draft.cid`. A hook that
 * throws or takes longer than {@link ADMISSION_BUDGET_MS} refuses the draft with `busy`.
 */
export type AdmissionHook = (attempt: {
  readonly roomId: string;
  readonly speaker: Speaker;
  readonly draft: Draft;
  readonly modes: RoomModes;
}) => Verdict | Promise<Verdict>;

/** Longest all hooks together may take for one draft. */
export const ADMISSION_BUDGET_MS = 1_000;

/** Kinds that the service itself writes; a resend with the same cid changes nothing. */
export type ServiceKind = "gift" | "paid" | "stage" | "system";
/** Kinds that change a room's state. */
export type ActKind = "act" | "mode" | "pin" | "unpin";

/** What a person is under in a room. Times are wall time; absent: nothing. */
export interface Standing {
  readonly mutedUntilMs?: number;
  readonly bannedUntilMs?: number;
  readonly role?: { readonly role: Role; readonly untilMs: number };
}

/** State of a room as its acts have left it. */
export interface RoomState {
  readonly modes: RoomModes;
  readonly pinned: Pinned | null;
  /** People who are muted, banned (or kicked) or hold a granted role, by user id. */
  readonly standings: ReadonlyMap<string, Standing>;
}

/** The log; every promise rejects with {@link RoomAway} while a room cannot be sequenced. */
export interface RoomLog {
  /** A person's entry: hooks, then ban, mute, role, modes, slow, unique and duplicates, then its place. */
  publish(roomId: string, speaker: Speaker, draft: Draft): Promise<Published>;
  /** A held draft that a moderator lets through: as {@link publish} without hooks, slow and unique. */
  release(roomId: string, speaker: Speaker, draft: Draft): Promise<Published>;
  /** An entry of the service, e.g. from the gift ledger's outbox; idempotent by `cid`. */
  append<K extends ServiceKind>(
    roomId: string,
    from: Author,
    draft: Draft<K>,
  ): Promise<Position & { readonly repeated: boolean }>;
  /**
   * An act of a moderator; idempotent by `cid`. The caller has checked that `by` may do it. Resolves when the act is
   * sequenced and its state durable. Rejected while Redis is away, though the state may be on disk: call again.
   */
  act<K extends ActKind>(
    roomId: string,
    by: Author,
    draft: Draft<K>,
  ): Promise<Position & { readonly repeated: boolean }>;
  /** State from this process's memory or the durable store; works while Redis is away. */
  state(roomId: string): Promise<RoomState>;
  /** What one person is under now. */
  standing(roomId: string, userId: string): Promise<Standing>;
  /** Ids of rooms whose acts have made this person a moderator, at most {@link MAX_MODERATED}; some may be over. */
  roomsWithRole(userId: string): readonly string[];
  /** Newest position on disk. */
  durable(roomId: string): Position;
  /** Resolves once `position` is on disk; rejects with the signal's reason. */
  whenDurable(roomId: string, position: Position, signal: AbortSignal): Promise<void>;
  /** Calls `listener` with every entry of the room from now on, in order, each once; answers how to stop. */
  follow(roomId: string, listener: (entry: Entry) => void): () => void;
  /** Entry by id, from memory, Redis or the archive; withdrawn ones as they were written. For moderators only. */
  find(roomId: string, cid: string): Promise<Entry | undefined>;
  /** Sets a value of the sheddable plane (likes, combos, leaders) for everybody; newest wins, never queued. */
  setState(roomId: string, key: string, value: unknown): void;
}

/** Rooms listed for one moderator. */
export const MAX_MODERATED = 100;

/** The room cannot be sequenced now: Redis is away, or recovers. Nothing was decided; try again after `retryMs`. */
export class RoomAway extends Error {
  override readonly name = "RoomAway";
  readonly retryMs: number;
  constructor(message: string, options: { readonly retryMs: number } & ErrorOptions) {
    super(message, options);
    this.retryMs = options.retryMs;
  }
}
