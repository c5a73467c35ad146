import { expandWord, fold, type Spelling } from "./expand-word.ts";
import { createKeyFinder, type Found } from "./find-keys.ts";
import { judgeMatch, judgeSound, type SoundWord } from "./judge-match.ts";
import type { FilterAction, FilterHit, FilterList, FilterRule, FilterVerdict, Technique } from "./rules.ts";
import { syllablesOf } from "./sounds.ts";
import { readUnits, type Unit } from "./units.ts";
import { type View, viewsOf } from "./views.ts";

/** A filter made of lists, ready to check texts. */
export interface WordFilter {
  /** Pure: the same text always gets the same answer. Takes some ten microseconds. */
  check(text: string): FilterVerdict;
}

const STRICTNESS: Record<FilterVerdict["action"], number> = { pass: 0, mask: 1, hold: 2, block: 3 };
const words = new Intl.Segmenter("zh", { granularity: "word" });

/** Compiles lists into a filter; rules of earlier lists come first among equals. */
export function createFilter(lists: readonly FilterList[]): WordFilter {
  const rules = lists.flatMap((list) => list.rules);
  const spellings = collect(rules, expandWord, ({ key }) => key);
  const sounds = collect(rules, soundsOf, ({ syllables }) => syllables.join(""));
  const findSpellings = createKeyFinder(spellings.keys());
  const findSounds = createKeyFinder(sounds.keys());
  const allowed = createAllowance(lists.flatMap(({ allow }) => allow));

  const inView = (view: View, units: readonly Unit[]): Candidate[] =>
    view.kind === "sound"
      ? candidates(findSounds(view.text), sounds, (found, word) => judgeSound(view, found, word, units))
      : candidates(findSpellings(view.text), spellings, (found, word) => judgeMatch(view, found, word, units));

  const hitsIn = (text: string, views: readonly View[], units: readonly Unit[]): FilterHit[] => {
    const hits = new Map<string, FilterHit>();
    for (const view of views) {
      for (const candidate of inView(view, units)) {
        const hit = hitOf(text, { ...candidate, view, units });
        const key = `${hit.ruleId} ${hit.start} ${hit.end}`;
        if (!hits.has(key) && fitsContext(text, hit) && !excused(text, hit)) hits.set(key, hit);
      }
    }
    return [...hits.values()];
  };
  return {
    check(text) {
      const units = readUnits(text);
      const views = viewsOf(units);
      const hits = hitsIn(text, views, units);
      const excuses = hits.length > 0 && views[0] ? allowed(views[0], units) : [];
      return verdictOf(
        text,
        hits.filter((hit) => !excuses.some((range) => covers(range, hit))),
      );
    },
  };
}

interface Candidate {
  readonly found: Found;
  readonly rule: FilterRule;
  readonly technique: Technique;
}
type Table<Word> = Map<string, { readonly rule: FilterRule; readonly word: Word }[]>;

function collect<Word>(
  rules: readonly FilterRule[],
  expand: (rule: FilterRule) => readonly Word[],
  keyOf: (word: Word) => string,
): Table<Word> {
  const table: Table<Word> = new Map();
  for (const rule of rules) {
    for (const word of expand(rule)) {
      const key = keyOf(word);
      table.set(key, [...(table.get(key) ?? []), { rule, word }]);
    }
  }
  return table;
}

function candidates<Word extends Spelling | SoundWord>(
  found: readonly Found[],
  table: Table<Word>,
  judge: (found: Found, word: Word) => Technique | undefined,
): Candidate[] {
  return found.flatMap((place) =>
    (table.get(place.key) ?? []).flatMap(({ rule, word }) => {
      const technique = judge(place, word);
      return technique ? [{ found: place, rule, technique }] : [];
    }),
  );
}

/** The sound of a rule's word, where its sound is followed. */
function soundsOf({ word, pinyin = true, homophones = false }: FilterRule): SoundWord[] {
  const letters = [...fold(word)];
  if (!pinyin || letters.length < 2 || !/^\p{Script=Han}+$/u.test(letters.join(""))) return [];
  const syllables = syllablesOf(letters.join(""));
  return syllables.includes("") ? [] : [{ letters, syllables, homophones }];
}

interface Place extends Candidate {
  readonly view: View;
  readonly units: readonly Unit[];
}

function hitOf(text: string, { view, units, found, rule, technique }: Place): FilterHit {
  const first = units[view.entries[found.begin]?.first ?? 0];
  const last = units[view.entries[found.end - 1]?.last ?? 0];
  const start = first?.start ?? 0;
  const end = last?.end ?? 0;
  const { id: ruleId, word, action } = rule;
  return { ruleId, word, action, technique, start, end, text: text.slice(start, end) };
}

/** Characters next to each other that belong to other words, as a dictionary sees it, are no hit: 体操|你|妈妈. */
function excused(text: string, hit: FilterHit): boolean {
  if (!/^\p{Script=Han}+$/u.test(hit.text)) return false;
  for (const { segment, index } of words.segment(text)) {
    const end = index + segment.length;
    const cutsStart = index < hit.start && end > hit.start;
    const cutsEnd = index < hit.end && end > hit.end;
    if (cutsStart || cutsEnd) return true;
  }
  return false;
}

/** Two letters mean a Chinese word only among Chinese, or alone. */
const fitsContext = (text: string, { technique, text: found }: FilterHit): boolean =>
  technique !== "initials" || !/^[a-z]{2}$/i.test(found) || /\p{Script=Han}/u.test(text) || text.trim() === found;

interface Range {
  readonly start: number;
  readonly end: number;
}
const covers = (range: Range, hit: Range): boolean => range.start <= hit.start && range.end >= hit.end;

/** Finds the harmless texts of the allow lists; they count only as written, with nothing between. */
function createAllowance(allow: readonly string[]): (view: View, units: readonly Unit[]) => Range[] {
  const keys = new Set(
    allow.map((text) =>
      readUnits(text)
        .map(({ letter }) => letter)
        .join(""),
    ),
  );
  const find = createKeyFinder(keys);
  return (view, units) =>
    find(view.text)
      .filter(({ begin, end }) =>
        view.entries.slice(begin + 1, end).every(({ gap }) => gap === "none" || gap === "space"),
      )
      .map(({ begin, end }) => ({
        start: units[view.entries[begin]?.first ?? 0]?.start ?? 0,
        end: units[view.entries[end - 1]?.last ?? 0]?.end ?? 0,
      }));
}

function verdictOf(text: string, found: readonly FilterHit[]): FilterVerdict {
  const hits = found.toSorted((a, b) => a.start - b.start || STRICTNESS[b.action] - STRICTNESS[a.action]);
  const action = hits.reduce<FilterVerdict["action"]>(
    (strictest, hit) => (STRICTNESS[hit.action] > STRICTNESS[strictest] ? hit.action : strictest),
    "pass",
  );
  return { action, hits, masked: maskText(text, hits) };
}

/** Replaces what masking rules found by as many asterisks as it has characters. */
function maskText(text: string, hits: readonly (Range & { readonly action: FilterAction })[]): string {
  let masked = "";
  let at = 0;
  for (const { start, end, action } of hits) {
    if (action !== "mask" || end <= at) continue;
    const from = Math.max(at, start);
    masked += text.slice(at, from) + "*".repeat([...text.slice(from, end)].length);
    at = end;
  }
  return masked + text.slice(at);
}
