/**
 * Words for the full-text index. Chinese, Japanese and Korean write no spaces, so a run of their characters becomes
 * its pairs and its last character: 今天天气 is 今天 天天 天气 气. Other words are left to SQLite's tokenizer.
 */
const RUN = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]+/gu;

/** Text as it goes into the index. */
export function wordsOf(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replace(RUN, (run) => ` ${pairsOf([...run], { withLast: true }).join(" ")} `);
}

/** An FTS5 expression for what a person typed: all words, in any order; the last of a Latin word may be unfinished. */
export function queryOf(text: string): string {
  const plain = text.normalize("NFKC").toLowerCase();
  const quote = (word: string) => `"${word.replaceAll('"', '""')}"`;
  const runs = (plain.match(RUN) ?? []).map((run) => {
    const characters = [...run];
    return characters.length === 1 ? `${quote(run)}*` : quote(pairsOf(characters, { withLast: false }).join(" "));
  });
  const words = plain.replace(RUN, " ").match(/[\p{L}\p{N}]+/gu) ?? [];
  return [...runs, ...words.map((word) => `${quote(word)}*`)].join(" AND ");
}

function pairsOf(characters: readonly string[], options: { readonly withLast: boolean }): string[] {
  const pairs = characters.slice(1).map((character, index) => `${characters[index]}${character}`);
  return options.withLast ? [...pairs, characters.at(-1) ?? ""] : pairs;
}
