/** How Chinese sounds, without tones. The only importer of pinyin-pro. */
import { pinyin } from "pinyin-pro";

const MAX_CACHED = 30_000;
const cache = new Map<string, string>();

/** The usual syllable of one character, letters a to z; empty when it has none. */
export function syllableOf(character: string): string {
  const known = cache.get(character);
  if (known !== undefined) return known;
  const syllable = tidy(pinyin(character, { toneType: "none", type: "array", v: true })[0] ?? "");
  if (cache.size < MAX_CACHED) cache.set(character, syllable);
  return syllable;
}

/** The syllables of a word of Han characters only: each by itself, as texts are read. */
export const syllablesOf = (word: string): string[] => [...word].map(syllableOf);

const tidy = (syllable: string): string => (/^[a-z]+$/.test(syllable) ? syllable : "");
