import type { Position } from "../../protocol/room/entry.ts";

/** Before everything. */
export const START: Position = { gen: 0, seq: 0 };

/** Negative when `a` stands before `b`. */
export const compare = (a: Position, b: Position): number => a.gen - b.gen || a.seq - b.seq;
/** The later of two. */
export const later = (a: Position, b: Position): Position => (compare(a, b) >= 0 ? a : b);
/** As the id of a stream entry. */
export const streamId = ({ gen, seq }: Position): string => `${gen}-${seq}`;

/** Reads a stream id or a cursor of ours; undefined when it is neither. */
export function parsePosition(text: string): Position | undefined {
  const [, gen, seq] = /^(\d{1,15})-(\d{1,15})$/.exec(text) ?? [];
  return gen === undefined ? undefined : { gen: Number(gen), seq: Number(seq) };
}
