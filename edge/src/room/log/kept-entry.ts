import type { Entry, ModerationAct, Position } from "../../protocol/room/entry.ts";
import type { ArchivedEntry } from "../archive/archive.ts";
import type { StoredEntry } from "./doorbell.ts";
import { withdraws } from "./state-changes.ts";

/** An entry as a process keeps it: read once, and ready to be written into frames. */
export interface KeptEntry extends Position {
  readonly cid: string;
  readonly kind: Entry["kind"];
  readonly userId: string;
  readonly stored: StoredEntry;
  /** JSON as it stands in frames; that of a withdrawn entry holds nothing of it. */
  readonly wire: string;
  /** The act, if it withdraws others. */
  readonly withdraws?: ModerationAct;
}

/** Reads an entry; `goneBy` makes it a withdrawn one. */
export function keep(stored: ArchivedEntry): KeptEntry {
  const { gen, seq, atMs, json, goneBy } = stored;
  const { cid, kind, from, body } = JSON.parse(json) as Entry;
  const act = withdraws(kind, body);
  const entry: KeptEntry = {
    ...{ gen, seq, cid, kind, stored },
    userId: from.id,
    wire: `{"seq":${seq},"atMs":${atMs},${json.slice(1)}`,
    ...(act && { withdraws: act }),
  };
  return goneBy === undefined ? entry : withdrawn(entry, goneBy);
}

/** The entry as it stands after act `by` has withdrawn it. */
export function withdrawn(entry: KeptEntry, by: string): KeptEntry {
  const { from } = JSON.parse(entry.stored.json) as Entry;
  const { seq, cid, kind, stored } = entry;
  const body = { was: kind, by };
  return { ...entry, wire: JSON.stringify({ seq, atMs: stored.atMs, cid, kind: "gone", from, body }) };
}

const NEVER_PURGED = new Set<Entry["kind"]>(["act", "mode", "gift", "stage", "system", "gone"]);

/** Whether `act` (standing behind `entry`) is about it. */
export function concerns(act: ModerationAct, entry: KeptEntry): boolean {
  if (act.act === "purge") return entry.userId === act.user && !NEVER_PURGED.has(entry.kind);
  return (act.act === "delete" || act.act === "restore") && act.cid === entry.cid;
}

/** Applies the withdrawals within `entries` to those before them. */
export function applyWithdrawals(entries: readonly KeptEntry[]): readonly KeptEntry[] {
  if (!entries.some((entry) => entry.withdraws)) return entries;
  const result = [...entries];
  for (const [index, act] of entries.entries()) {
    if (act.withdraws) withdrawIn(result, index, act);
  }
  return result;
}

/** Applies the act at `result[index]` to what stands before it. */
export function withdrawIn(result: KeptEntry[], index: number, { withdraws: act, cid }: KeptEntry): void {
  if (!act) return;
  for (let at = 0; at < index; at += 1) {
    const entry = result[at];
    if (!entry || !concerns(act, entry)) continue;
    result[at] = act.act === "restore" ? keep(entry.stored) : withdrawn(entry, cid);
  }
}

/** The entry as everybody knows it. */
export const entryOf = ({ stored }: KeptEntry): Entry =>
  ({ gen: stored.gen, seq: stored.seq, atMs: stored.atMs, ...JSON.parse(stored.json) }) as Entry;
