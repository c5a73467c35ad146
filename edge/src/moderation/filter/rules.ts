/** What a filter is made of and what it answers. */

/** What happens to a message that a rule fires on; the strictest of several wins. */
export type FilterAction = "mask" | "hold" | "block";

/** How a word was found: what the writer did to it. */
export type Technique =
  | "plain"
  | "variant"
  | "inflected"
  | "respelled"
  | "leet"
  | "masked"
  | "spaced"
  | "pinyin"
  | "mixed-pinyin"
  | "homophone"
  | "initials"
  | "split-character"
  | "look-alike"
  | "reversed";

/** A word of a list and how far its disguises are followed. */
export interface FilterRule {
  readonly id: string;
  /** In any script, traditional or simplified, any case. */
  readonly word: string;
  readonly action: FilterAction;
  /** Follow pinyin in place of characters; on unless false. Only for words of two characters or more. */
  readonly pinyin?: boolean;
  /** Any characters of the same sound count; for words whose sound means nothing else. */
  readonly homophones?: boolean;
  /** The first letters of the syllables count: `cnm`. */
  readonly initials?: boolean;
  /** A Latin word counts inside of others too; else only as a word of its own. */
  readonly inside?: boolean;
  /** Other spellings of the same word. */
  readonly variants?: readonly string[];
}

/** A list of a room or the site. `allow` holds harmless texts that contain words of the list. */
export interface FilterList {
  readonly rules: readonly FilterRule[];
  readonly allow: readonly string[];
}

/** One place where a rule fired; `start` and `end` are UTF-16 offsets in the text as sent. */
export interface FilterHit {
  readonly ruleId: string;
  readonly word: string;
  readonly action: FilterAction;
  readonly technique: Technique;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** What a filter says of a text. */
export interface FilterVerdict {
  readonly action: "pass" | FilterAction;
  readonly hits: readonly FilterHit[];
  /** The text with every hit of a masking rule replaced by asterisks. */
  readonly masked: string;
}
