/** Folds one character to what it stands for. The only importer of confusables and opencc-js. */
import { confusablesMap } from "confusables";
import { Converter } from "opencc-js/t2cn";
import { EMOJI_SOUNDS, LATIN_LOOK_ALIKES, LEET, MASKS, SAME_CHARACTER, ZHUYIN } from "./look-alikes.ts";

/** What a character is to the filter. */
export interface Folded {
  /**
   * `latin`: a to z. `digit`. `han`: a simplified character. `other`: a letter of another script.
   * `nothing`: marks and zero-width characters, as if not there. `space`, `prose` (punctuation of sentences) and
   * `noise` (any other sign) stand between letters.
   */
  readonly kind: "latin" | "digit" | "han" | "other" | "nothing" | "space" | "prose" | "noise";
  /** Letters it folds to, one UTF-16 unit each; empty for what is no letter or digit. */
  readonly letters: string;
  /** How it reads as a letter when it is a digit or sign, two readings. */
  readonly leet: readonly [string, string] | undefined;
  /** Whether it may stand for a letter left out. */
  readonly mask: boolean;
  /** Syllable it sounds like when it is an emoji. */
  readonly sound: string | undefined;
}

const simplify = Converter({ from: "t", to: "cn" });
const MAX_CACHED = 40_000;
const cache = new Map<string, Folded>();

/** Folds a character (one code point). */
export function foldCharacter(character: string): Folded {
  const known = cache.get(character);
  if (known) return known;
  const folded = fold(character);
  if (cache.size < MAX_CACHED) cache.set(character, folded);
  return folded;
}

function fold(character: string): Folded {
  const base = {
    leet: LEET.get(character) ?? LEET.get(character.normalize("NFKC")),
    mask: MASKS.has(character),
    sound: EMOJI_SOUNDS.get(character),
    letters: "",
  };
  const bare = character.normalize("NFKD").replace(/[\p{M}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, "");
  if (bare === "") return { ...base, kind: "nothing" };
  const letters = lettersOf(character, bare);
  if (/^[a-z]+$/.test(letters)) return { ...base, kind: "latin", letters };
  if (/^\d+$/.test(letters)) return { ...base, kind: "digit", letters };
  if (/^\p{Script=Han}$/u.test(letters)) return { ...base, kind: "han", letters: simplified(letters) };
  if (/^[\p{L}\p{N}]/u.test(letters)) return { ...base, kind: "other", letters: oneUnit(letters) };
  return { ...base, kind: separatorKind(character, bare) };
}

/** The letters a character shows: a Han character stays itself, whatever Latin letter it resembles. */
function lettersOf(character: string, bare: string): string {
  if (/^\p{Script=Han}/u.test(bare)) return bare.slice(0, String.fromCodePoint(bare.codePointAt(0) ?? 0).length);
  const read = ZHUYIN.get(bare);
  if (read !== undefined) return read;
  const looks = [character, bare].map((form) => LATIN_LOOK_ALIKES.get(form) ?? lookOf(form));
  const latin = /^[\x20-\x7e]+$/.test(bare) ? bare : (looks.find((look) => look !== undefined) ?? bare);
  return latin
    .normalize("NFKD")
    .toLowerCase()
    .replace(/^[([]?([a-z\d]+)[)\].,]?$/, "$1");
}

/** Letters and letters in boxes and circles; a heart is no V. */
const lookOf = (form: string): string | undefined =>
  /[\p{L}\p{N}\u{1F110}-\u{1F189}\u{1F1E6}-\u{1F1FF}Ⓐ-ⓩ]/u.test(form) ? confusablesMap.get(form) : undefined;

function separatorKind(character: string, bare: string): "space" | "prose" | "noise" {
  if (/^\s/u.test(bare) || /^\s/u.test(character)) return "space";
  return /[.,!?;:"()，。！？；：“”‘’（）、…《》「」]/u.test(character) ? "prose" : "noise";
}

const simplified = (character: string): string => SAME_CHARACTER.get(character) ?? oneUnit(simplify(character));
/** Views count in UTF-16 units: letters beyond the first plane all look alike to the filter. */
const oneUnit = (letter: string): string => {
  const first = String.fromCodePoint(letter.codePointAt(0) ?? 0);
  return first.length === 1 ? first : "\uFFFD";
};
