import { syllableOf } from "./sounds.ts";
import type { Gap, Unit } from "./units.ts";

/** A text read in one way: one letter for each entry, with the units it stands for. */
export interface View {
  readonly kind: "base" | "leet" | "masked" | "sound";
  readonly text: string;
  readonly entries: readonly Entry[];
}

/** A letter of a view. */
export interface Entry {
  /** Units from `first` to `last`, both in. */
  readonly first: number;
  last: number;
  /** How often the letter stands in a row. */
  run: number;
  /** Letters of one class without a gap are one token. */
  readonly class: "latin" | "digit" | "han" | "other";
  readonly gap: Gap;
}

/** All readings of a text that may show something; the plain one first. */
export function viewsOf(units: readonly Unit[]): View[] {
  const views = [readView("base", units, baseLetter)];
  const mixed = hasNeighbours(units, (unit) => unit.leet !== undefined && unit.kind !== "latin");
  if (mixed) {
    views.push(readView("leet", units, leetLetter(0)));
    if (units.some(({ leet }) => leet && leet[0] !== leet[1])) views.push(readView("leet", units, leetLetter(1)));
  }
  if (hasNeighbours(units, ({ mask }) => mask)) views.push(readView("masked", units, maskedLetter));
  if (units.some(({ kind, sound }) => kind === "han" || sound !== undefined)) views.push(soundView(units));
  return views;
}

const isLetter = ({ kind }: Unit): boolean => kind === "latin" || kind === "han" || kind === "other";

/** Whether a unit that passes the test touches a letter. */
function hasNeighbours(units: readonly Unit[], test: (unit: Unit) => boolean): boolean {
  return units.some((unit, at) => {
    if (!test(unit)) return false;
    const before = units[at - 1];
    const after = units[at + 1];
    return (before?.end === unit.start && isLetter(before)) || (after?.start === unit.end && isLetter(after));
  });
}

type Letter = (unit: Unit) => string;
const baseLetter: Letter = ({ letter }) => letter;
const leetLetter =
  (reading: 0 | 1): Letter =>
  ({ letter, kind, leet }) =>
    leet && kind !== "latin" ? leet[reading] : letter;
const maskedLetter: Letter = ({ letter, mask }) => (mask ? "*" : letter);

function readView(kind: "base" | "leet" | "masked", units: readonly Unit[], letterOf: Letter): View {
  const entries: Entry[] = [];
  let text = "";
  let before: Unit | undefined;
  for (const [index, unit] of units.entries()) {
    const letter = letterOf(unit);
    if (letter === "") continue;
    const gap = before === undefined || before.end === unit.start ? "none" : unit.gap;
    const last = entries.at(-1);
    if (last && gap === "none" && text.endsWith(letter)) {
      last.run += unit.run;
      last.last = index;
    } else {
      text += letter;
      entries.push({ first: index, last: index, run: unit.run, class: classOf(letter, unit), gap });
    }
    before = unit;
  }
  return { kind, text, entries };
}

function classOf(letter: string, unit: Unit): Entry["class"] {
  const code = letter.charCodeAt(0);
  if ((code >= 97 && code <= 122) || letter === "*") return "latin";
  return unit.kind === "sign" ? "other" : unit.kind;
}

/** Stands in a sound view for what has no sound. */
const SILENT = "\u0000";

function soundView(units: readonly Unit[]): View {
  const entries: Entry[] = [];
  let text = "";
  for (const [index, unit] of units.entries()) {
    const letters = heardAs(unit);
    text += letters;
    for (let at = 0; at < letters.length; at += 1) {
      entries.push({
        first: index,
        last: index,
        run: 1,
        class: unit.kind === "latin" ? "latin" : "han",
        gap: unit.gap,
      });
    }
  }
  return { kind: "sound", text, entries };
}

/** Letters that say how a unit sounds; none for a sign that is not read aloud. */
function heardAs(unit: Unit): string {
  if (unit.sound !== undefined) return unit.sound;
  if (unit.kind === "sign") return "";
  if (unit.kind === "latin") return unit.letter;
  return (unit.kind === "han" && syllableOf(unit.letter)) || SILENT;
}
