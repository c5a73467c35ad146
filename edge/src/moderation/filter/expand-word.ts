import { CHARACTER_PARTS, CHARACTER_SHAPES } from "./look-alikes.ts";
import type { FilterRule, Technique } from "./rules.ts";
import { syllablesOf } from "./sounds.ts";
import { readUnits } from "./units.ts";

/** One spelling of a word to look for. */
export interface Spelling {
  readonly technique: Technique;
  /** Letters as a view shows them: folded, repeated ones once. */
  readonly key: string;
  /** How often each letter of the key stands in a row. */
  readonly runs: readonly number[];
  /** Inside of other Latin words too. */
  readonly inside: boolean;
}

const INFLECTIONS = ["s", "es", "ed", "er", "ers", "ing", "in", "ings", "y", "ty", "z", "head", "heads", "face"];
const VOWELS = /[aeiou]/g;
const HAN = /^\p{Script=Han}+$/u;
const LATIN = /^[a-z]+$/;
const DOUBLED = /([a-z])\1/;

/** All spellings of a rule's word. */
export function expandWord(rule: FilterRule): Spelling[] {
  const { word, variants = [], inside = false } = rule;
  const folded = fold(word);
  return [
    spelling("plain", word, inside),
    ...variants.map((variant) => spelling("variant", variant, false)),
    ...(LATIN.test(folded) ? latinSpellings(folded, inside) : []),
    ...(DOUBLED.test(folded) ? [spelledApart(folded)] : []),
    ...variants.map(fold).flatMap((variant) => (LATIN.test(variant) && variant.length > 4 ? inflected(variant) : [])),
    ...(HAN.test(folded) && folded.length > 1 ? hanSpellings(folded, rule) : []),
  ].filter(({ key }) => key.length > 1);
}

/** The word as a text would be read: folded letters, repeated ones kept. */
export const fold = (word: string): string =>
  readUnits(word)
    .map(({ letter, run }) => letter.repeat(run))
    .join("");

function spelling(technique: Technique, text: string, inside = false): Spelling {
  const key: string[] = [];
  const runs: number[] = [];
  for (const { letter, run } of readUnits(text)) {
    if (letter === "") continue;
    if (key.at(-1) === letter) runs[runs.length - 1] = (runs.at(-1) ?? 0) + run;
    else {
      key.push(letter);
      runs.push(run);
    }
  }
  return { technique, key: key.join(""), runs, inside };
}

/** Letters with gaps between them are not one run, though they be the same. */
const spelledApart = (word: string): Spelling => ({
  technique: "spaced",
  key: word,
  runs: [...word].map(() => 1),
  inside: false,
});

function latinSpellings(word: string, inside: boolean): Spelling[] {
  return [
    ...inflected(word),
    ...respellings(word).flatMap((text) => [spelling("respelled", text, false), ...inflected(text, "respelled")]),
    ...maskings(word),
    ...reversals(word),
  ].map((made) => ({ ...made, inside: inside && made.technique === "inflected" }));
}

/** Word with its endings, the last letter doubled where English doubles it. */
function inflected(word: string, technique: Technique = "inflected"): Spelling[] {
  if (word.length < 4) return [];
  const last = word.at(-1) ?? "";
  return INFLECTIONS.flatMap((ending) => [
    spelling(technique, word + ending),
    ...(/^[aeiouy]/.test(ending) && !VOWELS_AT_END.test(word) ? [spelling(technique, word + last + ending)] : []),
    ...(ending === "ing" && word.endsWith("e") ? [spelling(technique, word.slice(0, -1) + ending)] : []),
  ]);
}
const VOWELS_AT_END = /[aeiouy]$/;

/** Spellings that sound the same to an English reader. */
const SOUNDS_LIKE: readonly (readonly [RegExp, string])[] = [
  [/u/, "v"],
  [/u/, "oo"],
  [/^f/, "ph"],
  [/ck/, "k"],
  [/ck/, "q"],
  [/ck/, "cc"],
  [/ck/, "xx"],
  [/^c(?=[uao])/, "k"],
  [/ss$/, "zz"],
  [/^s/, "z"],
  [/er$/, "a"],
  [/or$/, "er"],
];

function respellings(word: string): string[] {
  if (word.length < 4) return word.endsWith("ss") ? [`${word.slice(0, -2)}zz`] : [];
  const once = SOUNDS_LIKE.map(([pattern, reading]) => word.replace(pattern, reading)).filter((text) => text !== word);
  const twice = once.flatMap((text) => SOUNDS_LIKE.map(([pattern, reading]) => text.replace(pattern, reading)));
  return [...new Set([...once, ...twice])].filter((text) => text !== word && text.length >= 3);
}

/** Backwards, and turned upside down, when `u` and `n` change places. */
function reversals(word: string): Spelling[] {
  if (word.length < 4) return [];
  const backwards = [...word].toReversed().join("");
  return [...new Set([backwards, backwards.replaceAll("u", "n")])]
    .filter((text) => text !== word)
    .map((text) => spelling("reversed", text));
}

/** Letters left out: one vowel, all vowels, or everything between the first and the last letter. */
function maskings(word: string): Spelling[] {
  if (word.length < 4) return [];
  const inner = (text: string) => word.charAt(0) + text + word.slice(-1);
  const middle = word.slice(1, -1);
  const oneByOne = [...middle].map((_, at) => inner(`${middle.slice(0, at)}*${middle.slice(at + 1)}`));
  const texts = new Set([...oneByOne, inner(middle.replace(VOWELS, "*")), inner("*".repeat(middle.length))]);
  if (word.length > 5) texts.add(`*${word.slice(1)}`);
  return [...texts].filter((text) => text.includes("*")).map((text) => maskSpelling(text));
}

function maskSpelling(text: string): Spelling {
  const key: string[] = [];
  const runs: number[] = [];
  for (const letter of text) {
    if (key.at(-1) === letter) runs[runs.length - 1] = (runs.at(-1) ?? 0) + 1;
    else {
      key.push(letter);
      runs.push(1);
    }
  }
  return { technique: "masked", key: key.join(""), runs, inside: false };
}

function hanSpellings(word: string, rule: FilterRule): Spelling[] {
  const letters = [...word];
  const syllables = syllablesOf(word);
  const replaced = (at: number, by: string) => letters.map((letter, index) => (index === at ? by : letter)).join("");
  const split = combinations(letters, (letter) => [CHARACTER_PARTS.get(letter) ?? letter]);
  const shapes = combinations(letters, (letter) => CHARACTER_SHAPES.get(letter) ?? []);
  const long = letters.length > 2;
  const { pinyin = true, initials = false } = rule;
  const firsts = syllables.map((syllable) => syllable.charAt(0));
  return [
    ...split.map((text) => spelling("split-character", text)),
    ...shapes.map((text) => spelling("look-alike", text)),
    ...(long ? [spelling("reversed", letters.toReversed().join(""))] : []),
    ...(long ? letters.slice(1, -1).map((_, at) => maskSpelling(replaced(at + 1, "*"))) : []),
    ...(initials ? [spelling("initials", firsts.join(""))] : []),
    ...(pinyin && !syllables.includes("") ? pinyinSpellings(syllables) : []),
    ...((initials || long) && pinyin ? firsts.map((first, at) => spelling("initials", replaced(at, first))) : []),
  ];
}

const MAX_COMBINATIONS = 64;

/** The word with any of its letters replaced by one of its others, without the word itself. */
function combinations(letters: readonly string[], othersOf: (letter: string) => readonly string[]): string[] {
  const texts = letters.reduce<string[]>(
    (made, letter) =>
      made.flatMap((text) => [letter, ...othersOf(letter)].map((by) => text + by)).slice(0, MAX_COMBINATIONS),
    [""],
  );
  return [...new Set(texts)].filter((text) => text !== letters.join(""));
}

/** The pinyin in Latin letters; a vowel left out counts as masked. */
function pinyinSpellings(syllables: readonly string[]): Spelling[] {
  return [spelling("pinyin", syllables.join(""))];
}
