import type { Spelling } from "./expand-word.ts";
import { ORDINARY_WORDS } from "./look-alikes.ts";
import type { Technique } from "./rules.ts";
import type { Unit } from "./units.ts";
import type { Entry, View } from "./views.ts";

/** Letters that English hardly ever doubles: twice is already a disguise. */
const RARELY_DOUBLED = /[aiuhjkqvwxy]/;

/** Whether a spelling found at entries `begin` to `end` of a view is that word; answers what disguised it. */
export function judgeMatch(
  view: View,
  range: { readonly begin: number; readonly end: number },
  spelling: Spelling,
  units: readonly Unit[],
): Technique | undefined {
  const { begin, end } = range;
  if (!runsFit(view, begin, spelling)) return undefined;
  if (view.kind === "leet" && !isLeet(view, range, units)) return undefined;
  const gaps = gapsIn(view, range);
  const edgesWanted = !spelling.inside || gaps;
  if (edgesWanted && !(beginsWord(view, begin, spelling) && isEdge(view.entries, end))) return undefined;
  if (gaps && !gapsFit(view, range, spelling.technique)) return undefined;
  return techniqueOf(view, spelling, gaps);
}

function techniqueOf(view: View, spelling: Spelling, gaps: boolean): Technique {
  if (view.kind === "leet") return "leet";
  return gaps && spelling.technique === "plain" ? "spaced" : spelling.technique;
}

/** A letter may stand more often than the word has it, but not as often as other words do. */
function runsFit({ text, entries }: View, begin: number, { runs }: Spelling): boolean {
  return runs.every((wanted, offset) => {
    const run = entries[begin + offset]?.run ?? 0;
    const letter = text.charAt(begin + offset);
    if (run === wanted) return true;
    if (run < wanted || /\d/.test(letter)) return false;
    return !/[a-z]/.test(letter) || run >= 3 || RARELY_DOUBLED.test(letter);
  });
}

/** Some real letters, some signs, and no more digits than other signs: `A55` is a telephone. */
function isLeet({ entries }: View, { begin, end }: { begin: number; end: number }, units: readonly Unit[]): boolean {
  const first = entries[begin]?.first ?? 0;
  const covered = units.slice(first, (entries[end - 1]?.last ?? 0) + 1);
  const letters = covered.filter(({ kind }) => kind === "latin").length;
  const signs = covered.filter(({ kind, leet }) => kind === "sign" || (kind === "han" && leet !== undefined)).length;
  const digits = covered.reduce((sum, { kind, run }) => sum + (kind === "digit" ? run : 0), 0);
  return letters > 0 && signs + digits > 0 && digits <= letters + signs;
}

const gapsIn = ({ entries }: View, { begin, end }: { begin: number; end: number }): boolean =>
  entries.slice(begin + 1, end).some(({ gap }) => gap !== "none");

/** Whether a word may begin or end before entry `at`: always in Chinese, else where a token does. */
function isEdge(entries: readonly Entry[], at: number): boolean {
  const before = entries[at - 1];
  const after = entries[at];
  if (!before || !after || after.gap !== "none") return true;
  return before.class !== after.class || after.class === "han";
}

/** What stands before an insult when a whole sentence of pinyin is written together: nizhenshi… */
const SENTENCE_IN_PINYIN = /^(?:ni|wo|ta|nimen|tamen|zhubo)(?:zhen|jiu|dou)?(?:shi)?(?:ge|yige|zhege)?$/;

/** Whether a word begins at an entry; pinyin also behind other syllables of its sentence. */
function beginsWord({ entries, text }: View, begin: number, { technique }: Spelling): boolean {
  if (isEdge(entries, begin)) return true;
  if (technique !== "pinyin") return false;
  let start = begin;
  while (!isEdge(entries, start)) start -= 1;
  return SENTENCE_IN_PINYIN.test(text.slice(start, begin));
}

/** Pieces of the match between gaps, with whether each is all there is between two gaps. */
function piecesOf(view: View, { begin, end }: { begin: number; end: number }) {
  const { entries, text } = view;
  const starts = [begin];
  for (let at = begin + 1; at < end; at += 1) if (entries[at]?.gap !== "none") starts.push(at);
  return starts.map((start, index) => {
    const stop = starts[index + 1] ?? end;
    const opens = start === 0 || entries[start]?.gap !== "none";
    const closes = stop === entries.length || entries[stop]?.gap !== "none";
    return { text: text.slice(start, stop), whole: opens && closes, gap: entries[start]?.gap ?? "none" };
  });
}

/** Whether what stands between the letters is there to hide the word and not because two words meet. */
function gapsFit(view: View, range: { begin: number; end: number }, technique?: Technique): boolean {
  if (view.kind === "masked") return false;
  const pieces = piecesOf(view, range);
  if (pieces.every(({ text }) => /^[a-z]+$/.test(text))) {
    if (technique === "pinyin") return pieces.length > 2 || !hasLatinBeside(view, range);
    return latinPiecesFit(pieces, technique);
  }
  return pieces.every(({ gap, whole }, at) => at === 0 || gap === "noise" || whole || pieces[at - 1]?.whole === true);
}

/** Two syllables among other Latin words are more often other words. */
const hasLatinBeside = ({ entries }: View, { begin, end }: { begin: number; end: number }): boolean =>
  entries[begin - 1]?.class === "latin" || entries[end]?.class === "latin";

function latinPiecesFit(pieces: readonly { text: string; gap: string }[], technique?: Technique): boolean {
  if (pieces.every(({ text }) => text.length === 1)) return pieces.length > 2;
  if (pieces.filter(({ text }) => text.length === 1).length >= 4 && pieces.length <= 6) return true;
  if (technique === "inflected" || pieces.slice(1).some(({ gap }) => gap === "prose")) return false;
  if (pieces.some(({ text }) => text.length > 1 && !ORDINARY_WORDS.has(text))) return true;
  return pieces.slice(1).every(({ gap }) => gap === "noise") && pieces.some(({ text }) => text.length === 1);
}

/** A word by its sound. */
export interface SoundWord {
  readonly letters: readonly string[];
  readonly syllables: readonly string[];
  readonly homophones: boolean;
}

/**
 * Whether a text that sounds like a word is that word: each syllable is one character (or emoji) or spelled out, and
 * other characters than the word's count only where homophones are followed.
 */
export function judgeSound(
  view: View,
  range: { readonly begin: number; readonly end: number },
  word: SoundWord,
  units: readonly Unit[],
): Technique | undefined {
  const kinds: SyllableKind[] = [];
  let at = range.begin;
  for (const [index, syllable] of word.syllables.entries()) {
    const stop = at + syllable.length;
    const kind = syllableKind(view, { at, stop }, word.letters[index] ?? "", units);
    if (!kind) return undefined;
    kinds.push(kind);
    at = stop;
  }
  if (!latinEdgesFit(view.entries, range) || (gapsIn(view, range) && !gapsFit(view, range))) return undefined;
  return soundTechnique(kinds, word.homophones);
}

type SyllableKind = "same" | "spelled" | "emoji" | "other";

function soundTechnique(kinds: readonly SyllableKind[], homophones: boolean): Technique | undefined {
  const others = kinds.filter((kind) => kind === "other").length;
  if (kinds.every((kind) => kind === "same")) return undefined;
  if (others === 0) return kinds.includes("same") || kinds.includes("emoji") ? "mixed-pinyin" : "pinyin";
  return homophones ? "homophone" : undefined;
}

function syllableKind(
  { entries }: View,
  { at, stop }: { at: number; stop: number },
  letter: string,
  units: readonly Unit[],
): SyllableKind | undefined {
  const first = entries[at];
  const last = entries[stop - 1];
  if (!first || !last) return undefined;
  if (first.class === "latin") return latinOnly(entries, at, stop) ? "spelled" : undefined;
  // one character, from its first sound to its last
  if (first.first !== last.first) return undefined;
  if (entries[at - 1]?.first === first.first || entries[stop]?.first === first.first) return undefined;
  const unit = units[first.first];
  if (unit?.kind === "sign") return "emoji";
  return unit?.letter === letter ? "same" : "other";
}

const latinOnly = (entries: readonly Entry[], at: number, stop: number): boolean =>
  entries.slice(at, stop).every((entry, offset) => entry.class === "latin" && (offset === 0 || entry.gap === "none"));

/** Spelled syllables begin and end where their token does. */
function latinEdgesFit(entries: readonly Entry[], { begin, end }: { begin: number; end: number }): boolean {
  const touches = (left: number) => {
    const before = entries[left];
    const after = entries[left + 1];
    return before?.class === "latin" && after?.class === "latin" && after.gap === "none";
  };
  return !touches(begin - 1) && !touches(end - 1);
}
