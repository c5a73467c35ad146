/** Makes a message's body from what was written. Pure. */
import type { Upload } from "@lianmai/edge/protocol";
import { KIND_LIMITS } from "@lianmai/edge/protocol/room";
import { isEmote } from "./emotes.ts";
import { type Mention, onlyEmote } from "./rich-text.ts";

/** What was written. */
export interface Written {
  readonly words: string;
  readonly mentions: readonly Mention[];
  /** Id of the message that is answered. */
  readonly reply: string | undefined;
  readonly upload: Upload | undefined;
}

/** Kind and body of the message: an upload with the words as its description, one emote alone, or text. */
export function bodyOf({ words, mentions, reply: cid, upload }: Written): {
  readonly kind: "text" | "emote" | "image" | "voice";
  readonly body: unknown;
} {
  const said = words.trim();
  const reply = cid === undefined ? {} : { reply: cid };
  if (upload?.kind === "voice") return { kind: "voice", body: { upload: upload.id, ...reply } };
  if (upload) {
    const alt = said.slice(0, KIND_LIMITS.image.maxCharacters);
    return { kind: "image", body: { upload: upload.id, ...(alt !== "" && { alt }), ...reply } };
  }
  const emote = onlyEmote(said, isEmote);
  if (emote !== undefined) return { kind: "emote", body: { emote, ...reply } };
  return { kind: "text", body: { text: said, ...reply, ...(mentions.length > 0 && { mentions }) } };
}
