/** Naming people while writing. Pure. */
import type { Line } from "./line.ts";
import type { Mention } from "./rich-text.ts";

/** People offered at once. */
const MAX_OFFERED = 5;

/** An `@` that is being written: where it begins, and what stands behind it up to the caret. */
export interface MentionQuery {
  readonly from: number;
  readonly part: string;
}

/** The mention at the caret, if one is being written. */
export function mentionAt(words: string, caret: number): MentionQuery | undefined {
  const before = words.slice(0, caret);
  // an @ within a word is an address, not a name; Chinese puts no space in front
  const found = /(?:^|[^\w.+-])@([^\s@]{0,40})$/u.exec(before);
  const part = found?.[1];
  return part === undefined ? undefined : { from: caret - part.length - 1, part };
}

/** Who has spoken lately, newest first, each once. */
export function speakersOf(lines: readonly Line[], youId: string | undefined): readonly Mention[] {
  const known = new Map<string, Mention>();
  for (const line of lines.toReversed()) {
    if (line.line !== "entry" || line.entry.kind === "act") continue;
    const { id, name } = line.entry.from;
    if (id !== youId && !known.has(id)) known.set(id, { id, name });
  }
  return [...known.values()];
}

/** Those whose names hold the part, those that begin with it first. */
export function offer(people: readonly Mention[], part: string): readonly Mention[] {
  const wanted = part.toLowerCase();
  const begins = people.filter(({ name }) => name.toLowerCase().startsWith(wanted));
  const holds = people.filter(({ name }) => name.toLowerCase().indexOf(wanted) > 0);
  return [...begins, ...holds].slice(0, MAX_OFFERED);
}
