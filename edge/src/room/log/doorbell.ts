import type { Position } from "../../protocol/room/entry.ts";

/** What a doorbell says. Bells may be lost, doubled or late: the stream is the truth. */
export type Bell =
  | { readonly kind: "entry"; readonly roomId: string; readonly entry: StoredEntry }
  | { readonly kind: "durable"; readonly roomId: string; readonly at: Position }
  | { readonly kind: "recovered"; readonly roomId: string; readonly gen: number };

/** An entry as the sequencer keeps it: its JSON without place and time, which stand beside it. */
export interface StoredEntry extends Position {
  readonly atMs: number;
  /** JSON object with cid, kind, from, mediaMs and body; never empty. */
  readonly json: string;
}

const BELL = /^([EDR]) (\S+) (\d+) (\d+)(?: (\d+) (\{.*\}))?$/s;

/** Reads a doorbell message; undefined when it is not one. */
export function parseBell(message: string): Bell | undefined {
  const [, letter, roomId, first, second, atMs, json] = BELL.exec(message) ?? [];
  if (letter === undefined || roomId === undefined) return undefined;
  const at = { gen: Number(first), seq: Number(second) };
  if (letter === "D") return { kind: "durable", roomId, at };
  if (letter === "R") return { kind: "recovered", roomId, gen: at.gen };
  return json === undefined ? undefined : { kind: "entry", roomId, entry: { ...at, atMs: Number(atMs), json } };
}
