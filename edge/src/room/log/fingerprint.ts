import { createHash } from "node:crypto";

/** What makes two texts "the same" under unique-chat: letters and digits, without case, width, spaces or marks. */
export function fingerprintOf(body: unknown): string {
  const { text, emote } = body as { readonly text?: string; readonly emote?: string };
  const said = (text ?? emote ?? "")
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "");
  const whole = said === "" ? (text ?? "") : said;
  return whole === "" ? "" : createHash("sha1").update(whole).digest("base64url");
}
