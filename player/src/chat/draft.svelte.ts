/** What somebody is writing: words, whom they name, what they answer, what they attach. */
import type { Entry } from "@lianmai/edge/protocol/room";
import { KIND_LIMITS } from "@lianmai/edge/protocol/room";
import type { Mention } from "./rich-text.ts";

/** A message that is answered, as the composer shows it. */
export interface ReplyTo {
  readonly cid: string;
  readonly name: string;
  readonly words: string;
}

const MAX_WORDS = KIND_LIMITS.text.maxCharacters;
/** People one message may name. */
const MAX_MENTIONS = 10;

export class Draft {
  words = $state("");
  reply = $state.raw<ReplyTo>();
  /** Grows when the composer should take the focus. */
  focusWish = $state(0);
  #named: readonly Mention[] = [];

  /** Those of the people named that the words still name. */
  get mentions(): readonly Mention[] {
    return this.#named.filter(({ name }) => this.words.includes(`@${name}`)).slice(0, MAX_MENTIONS);
  }

  answer(entry: Entry): void {
    const words = "text" in entry.body ? String(entry.body.text) : "";
    this.reply = { cid: entry.cid, name: entry.from.name, words };
    this.focusWish += 1;
  }

  /** Names a person at `from`..`to` of the words, at the end without them; answers where the caret goes. */
  mention(person: Mention, from = this.words.length, to = from): number {
    const before = this.words.slice(0, from);
    const gap = before === "" || /\s$/u.test(before) ? "" : " ";
    const named = `${before}${gap}@${person.name} `;
    const next = named + this.words.slice(to);
    if (next.length > MAX_WORDS) return to;
    this.words = next;
    this.#named = [...this.#named.filter(({ id }) => id !== person.id), { id: person.id, name: person.name }];
    this.focusWish += 1;
    return named.length;
  }

  /** Puts text in place of `from`..`to`; answers where the caret goes. */
  insert(text: string, from: number, to: number): number {
    const next = this.words.slice(0, from) + text + this.words.slice(to);
    if (next.length > MAX_WORDS) return to;
    this.words = next;
    return from + text.length;
  }

  clear(): void {
    this.words = "";
    this.reply = undefined;
    this.#named = [];
  }
}
