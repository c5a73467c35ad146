/** Finds all of many keys in a text at once (Aho-Corasick). The only importer of @monyone/aho-corasick. */
import { AhoCorasick } from "@monyone/aho-corasick/fast";

/** A place of a key in a text, in UTF-16 units. */
export interface Found {
  readonly key: string;
  readonly begin: number;
  readonly end: number;
}

/** Prepares a search for `keys`; overlapping places are all found. */
export function createKeyFinder(keys: Iterable<string>): (text: string) => Found[] {
  const distinct = [...new Set(keys)].filter((key) => key !== "");
  if (distinct.length === 0) return () => [];
  const automaton = new AhoCorasick(distinct);
  return (text) => automaton.matchInText(text).map(({ keyword, begin, end }) => ({ key: keyword, begin, end }));
}
