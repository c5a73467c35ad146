/** What stands in a chat's list. */
import type { Entry, EntryOf, NackCode } from "@lianmai/edge/protocol/room";
import type { OutboxItem } from "../connection/outbox.ts";

/** How far an own message has come: in the log, or in the log and on disk. */
export type Delivery = "placed" | "durable";

/** Why an own message did not get in. */
export interface Refusal {
  readonly code: NackCode;
  readonly untilMs?: number;
  readonly hint?: string;
}

/** An entry of the room's log. */
export interface EntryLine {
  readonly line: "entry";
  readonly key: string;
  readonly entry: Entry;
  /** Withdrawn by a moderator; the entry is kept for an undo and for moderators' eyes. */
  readonly isGone: boolean;
  readonly delivery?: Delivery;
}

/** An own message without a place yet. */
export interface OwnLine {
  readonly line: "own";
  readonly key: string;
  readonly item: OutboxItem;
  readonly refusal?: Refusal;
}

/** Entries that will not come: too old, lost with the hot log, or left out here to save memory. */
export interface GapLine {
  readonly line: "gap";
  readonly key: string;
  readonly why: "retention" | "lost" | "window" | "sampled" | "lagging" | "cleared";
  readonly count: number;
}

export type Line = EntryLine | OwnLine | GapLine;

/** Kinds that stay when everything a person has said is withdrawn. */
const NEVER_PURGED: ReadonlySet<Entry["kind"]> = new Set(["act", "mode", "gift", "system", "gone"]);

/** Whether a purge of `user` is about this entry. */
export const isPurgedWith = (entry: Entry, user: string): boolean =>
  entry.from.id === user && !NEVER_PURGED.has(entry.kind);

/** Kinds that are told by something else than a line of their own. */
const SILENT_ACTS: ReadonlySet<string> = new Set(["delete", "restore"]);

/** What of the stage everybody is told; the rest is for those who direct it. */
const TOLD_OF_STAGE = ["to-seat", "remove"] as const;
export type ToldOfStage = (typeof TOLD_OF_STAGE)[number];

/** The change on the stage an entry tells everybody of; undefined for the others. */
export function toldOfStage({ body }: EntryOf<"stage">): ToldOfStage | undefined {
  // let in again after a removal: nothing has changed in the picture
  if (body.what === "remove" && body.on === false) return undefined;
  return TOLD_OF_STAGE.find((what) => what === body.what);
}

/** Whether an entry has a line: acts on single messages show on those. */
export function hasLine(entry: Entry): boolean {
  if (entry.kind === "stage") return toldOfStage(entry) !== undefined;
  return !(entry.kind === "act" && SILENT_ACTS.has(entry.body.act));
}
