import { type Folded, foldCharacter } from "./fold-character.ts";
import { DRAWN_LETTERS } from "./look-alikes.ts";

/** What stands before a unit: nothing, a sign within words, punctuation of sentences, or a space. */
export type Gap = "none" | "noise" | "prose" | "space";

/** One letter of a text as the filter sees it; repeated letters are one unit. */
export interface Unit {
  readonly letter: string;
  readonly kind: "latin" | "digit" | "han" | "other" | "sign";
  readonly leet: Folded["leet"];
  readonly mask: boolean;
  readonly sound: string | undefined;
  /** UTF-16 range in the original text. */
  readonly start: number;
  end: number;
  /** How many times in a row, with nothing between. */
  run: number;
  readonly gap: Gap;
}

const STRENGTH: Record<Gap, number> = { none: 0, noise: 1, prose: 2, space: 3 };

/**
 * Reads a text into units. Signs that may stand for letters are units of kind `sign` as well as gaps to their
 * neighbours; the views choose which they take.
 */
export function readUnits(text: string): Unit[] {
  const units: Unit[] = [];
  let gap: Gap = "none";
  let at = 0;
  for (const character of charactersOf(text)) {
    const start = at;
    at += character.length;
    const folded = foldAny(character);
    if (folded.kind === "nothing") extend(units.at(-1), gap, at);
    else if (folded.letters === "") {
      pushSign(units, folded, { start, end: at, gap });
      gap = widen(gap, apostrophe(text, start) ? "none" : (folded.kind as Gap));
    } else {
      for (const letter of folded.letters) {
        pushLetter(units, letter, folded, { start, end: at, gap });
        gap = "none";
      }
    }
  }
  return units;
}

/** The characters of a text; signs that draw one letter together are one. */
function* charactersOf(text: string): Generator<string> {
  for (let at = 0; at < text.length; ) {
    const drawn = text[at] === "|" ? [...DRAWN_LETTERS.keys()].find((signs) => text.startsWith(signs, at)) : undefined;
    const character = drawn ?? String.fromCodePoint(text.codePointAt(at) ?? 0);
    at += character.length;
    yield character;
  }
}

const foldAny = (character: string): Folded => drawnLetter(character) ?? foldCharacter(character);

function drawnLetter(signs: string): Folded | undefined {
  const letter = DRAWN_LETTERS.get(signs);
  return letter === undefined
    ? undefined
    : { kind: "noise", letters: "", leet: [letter, letter], mask: false, sound: undefined };
}

const widen = (gap: Gap, by: Gap): Gap => (STRENGTH[by] > STRENGTH[gap] ? by : gap);

/** A zero-width character belongs to the letter before it. */
function extend(unit: Unit | undefined, gap: Gap, end: number): void {
  if (unit && gap === "none") unit.end = end;
}

/** An apostrophe between letters is part of the word. */
const apostrophe = (text: string, at: number): boolean =>
  (text[at] === "'" || text[at] === "’") && /[a-z]/i.test(text[at - 1] ?? "") && /[a-z]/i.test(text[at + 1] ?? "");

interface Place {
  readonly start: number;
  readonly end: number;
  readonly gap: Gap;
}

function pushSign(units: Unit[], folded: Folded, { start, end, gap }: Place): void {
  if (!folded.leet && !folded.mask && folded.sound === undefined) return;
  const last = units.at(-1);
  if (folded.mask && last?.mask && last.end === start) {
    last.run += 1;
    last.end = end;
    return;
  }
  const { leet, mask, sound } = folded;
  units.push({ letter: "", kind: "sign", leet, mask, sound, start, end, run: 1, gap });
}

function pushLetter(units: Unit[], letter: string, folded: Folded, { start, end, gap }: Place): void {
  const last = units.at(-1);
  if (gap === "none" && last?.letter === letter) {
    last.run += 1;
    last.end = end;
    return;
  }
  const { leet, mask, sound } = folded;
  const kind = folded.kind as Unit["kind"];
  units.push({ letter, kind, leet, mask, sound, start, end, run: 1, gap });
}
