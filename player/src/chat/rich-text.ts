/** What a message's text is made of. Pure. */

/** A run of a text. */
export type Run =
  | { readonly run: "text"; readonly text: string }
  | { readonly run: "mention"; readonly text: string; readonly id: string }
  | { readonly run: "emote"; readonly code: string }
  | { readonly run: "link"; readonly text: string; readonly href: string };

/** A person named in a text. */
export interface Mention {
  readonly id: string;
  readonly name: string;
}

const LINK = /https?:\/\/[^\s<>"'，。！？、；：）】」]+/giu;
const EMOJI =
  /^(?:\p{Regional_Indicator}{2}|\p{Extended_Pictographic}(?:\uFE0F|\p{Emoji_Modifier}|\u200D\p{Extended_Pictographic})*){1,6}$/u;
const EMOTE = /:([a-z]{2,16}):/gu;

/** Cuts a text into runs; only people that the message names, and emotes that exist, become more than text. */
export function richText(
  text: string,
  known: { readonly mentions?: readonly Mention[]; readonly isEmote: (code: string) => boolean },
): readonly Run[] {
  let runs: readonly Run[] = [{ run: "text", text }];
  runs = cut(runs, LINK, linkOf);
  for (const { id, name } of known.mentions ?? []) {
    if (name !== "") runs = cut(runs, new RegExp(`@${literally(name)}`, "gu"), ([said]) => mentionOf(said, id));
  }
  return cut(runs, EMOTE, ([, code = ""]) => (known.isEmote(code) ? { run: "emote", code } : undefined));
}

/** The code when a text is one emote and nothing else. */
export function onlyEmote(text: string, isEmote: (code: string) => boolean): string | undefined {
  const code = /^:([a-z]{2,16}):$/u.exec(text.trim())?.[1];
  return code !== undefined && isEmote(code) ? code : undefined;
}

/** Whether a text is a few emoji and nothing else. */
export const isOnlyEmoji = (text: string): boolean => EMOJI.test(text);

const mentionOf = (said: string, id: string): Run => ({ run: "mention", text: said, id });

function linkOf([said]: RegExpMatchArray): Run | undefined {
  const href = said.replace(/[.,!?;:)\]]+$/u, "");
  return URL.canParse(href) ? { run: "link", text: href, href } : undefined;
}

function cut(
  runs: readonly Run[],
  pattern: RegExp,
  toRun: (match: RegExpExecArray) => Run | undefined,
): readonly Run[] {
  return runs.flatMap((run) => (run.run === "text" ? cutText(run.text, pattern, toRun) : [run]));
}

function cutText(text: string, pattern: RegExp, toRun: (match: RegExpExecArray) => Run | undefined): readonly Run[] {
  const result: Run[] = [];
  let at = 0;
  for (const match of text.matchAll(pattern)) {
    const run = toRun(match);
    if (!run) continue;
    if (match.index > at) result.push({ run: "text", text: text.slice(at, match.index) });
    result.push(run);
    // a link may end before the signs behind it
    at = match.index + ("text" in run ? run.text.length : match[0].length);
  }
  if (at < text.length) result.push({ run: "text", text: text.slice(at) });
  return result;
}

const literally = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/gu, "\\$&");
