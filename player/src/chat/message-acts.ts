/** What may be done with a message, by whom, and by which key. Pure. */
import type { ActRequest } from "@lianmai/edge/protocol";
import type { Entry, You } from "@lianmai/edge/protocol/room";
import { DURATIONS, outranks } from "./moderating.svelte.ts";

/** Kinds of wishes; those of `act` go to the moderation API. */
export type MessageWish =
  | { readonly wish: "reply" }
  | { readonly wish: "mention" }
  | { readonly wish: "copy" }
  | { readonly wish: "person" }
  | { readonly wish: "report" }
  | { readonly wish: "pin"; readonly text: string }
  | { readonly wish: "undo" }
  | { readonly wish: "act"; readonly request: ActRequest; readonly name: string };

/** One line of a message's menu. */
export interface MessageAct {
  readonly key: MessageActKey;
  readonly wish: MessageWish;
  /** Letter that does the same while the message has the focus. */
  readonly letter?: string;
  readonly isSevere?: boolean;
}

export type MessageActKey =
  | "reply"
  | "mention"
  | "copy"
  | "person"
  | "report"
  | "pin"
  | "delete"
  | "restore"
  | "warn"
  | "mute1"
  | "mute10"
  | "muteForGood"
  | "purge"
  | "kick"
  | "ban";

const SAID: ReadonlySet<Entry["kind"]> = new Set(["text", "emote", "image", "voice", "file", "paid"]);

/** Whether an entry is somebody's words, which can be answered and acted on. */
export const isSaid = (entry: Entry): boolean => SAID.has(entry.kind) || entry.kind === "gone";

/** The menu of a message. */
export function actsOn(
  entry: Entry,
  { you, isGone, canWrite }: { readonly you: You | undefined; readonly isGone: boolean; readonly canWrite: boolean },
): readonly MessageAct[] {
  const { from } = entry;
  const isYou = from.id === you?.id;
  const words = entry.kind === "text" || entry.kind === "paid" ? entry.body.text : undefined;
  const acts: (MessageAct | false | undefined)[] = [
    canWrite && !isGone && { key: "reply", letter: "r", wish: { wish: "reply" } },
    canWrite && !isYou && { key: "mention", letter: "a", wish: { wish: "mention" } },
    words !== undefined && !isGone && { key: "copy", letter: "c", wish: { wish: "copy" } },
    { key: "person", letter: "i", wish: { wish: "person" } },
    !isYou && !isGone && { key: "report", letter: "f", wish: { wish: "report" } },
    ...(you ? moderatorActs(entry, you, { isGone, isYou, words }) : []),
  ];
  return acts.filter((act): act is MessageAct => Boolean(act));
}

function moderatorActs(
  { from, cid }: Entry,
  { role }: You,
  about: { readonly isGone: boolean; readonly isYou: boolean; readonly words: string | undefined },
): readonly (MessageAct | false)[] {
  const { isGone, isYou, words } = about;
  const mayModerate = outranks(role, "viewer");
  const mayAct = mayModerate && !isYou && outranks(role, from.role);
  const whom = { user: from.id, name: from.name };
  const act = (request: ActRequest) => ({ wish: "act" as const, request, name: from.name });
  const { short, usual, forGood } = DURATIONS;
  return [
    mayModerate && words !== undefined && !isGone && { key: "pin", letter: "p", wish: { wish: "pin", text: words } },
    mayModerate &&
      (mayAct || isYou) &&
      !isGone && { key: "delete", letter: "d", wish: act({ act: "delete", target: cid }) },
    mayModerate && isGone && { key: "restore", letter: "z", wish: act({ act: "restore", target: cid }) },
    mayAct && { key: "warn", letter: "w", wish: act({ act: "warn", ...whom }) },
    mayAct && { key: "mute1", letter: "t", wish: act({ act: "mute", ...whom, durationMs: short }) },
    mayAct && { key: "mute10", letter: "m", wish: act({ act: "mute", ...whom, durationMs: usual }) },
    mayAct && { key: "muteForGood", wish: act({ act: "mute", ...whom, durationMs: forGood }) },
    mayAct && { key: "purge", letter: "e", wish: act({ act: "purge", ...whom }) },
    mayAct && { key: "kick", letter: "x", isSevere: true, wish: act({ act: "kick", ...whom, durationMs: usual }) },
    mayAct && { key: "ban", letter: "b", isSevere: true, wish: act({ act: "ban", ...whom, durationMs: forGood }) },
  ];
}

/** The wish of a key pressed on a message; `u` undoes the last act wherever the focus is in the list. */
export function wishOfKey(
  event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey">,
  acts: readonly MessageAct[],
): MessageWish | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey) return undefined;
  if (event.key === "Delete") return acts.find(({ key }) => key === "delete")?.wish;
  const letter = event.key.toLowerCase();
  if (letter === "u") return { wish: "undo" };
  return acts.find((act) => act.letter === letter)?.wish;
}
