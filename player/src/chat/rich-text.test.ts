import { describe, expect, it } from "vitest";
import { isOnlyEmoji, onlyEmote, richText } from "./rich-text.ts";

const isEmote = (code: string) => code === "smile";
const runs = (text: string, mentions: { id: string; name: string }[] = []) => richText(text, { mentions, isEmote });

describe("rich text", () => {
  it("finds emotes that exist, people that are named, and links without the signs behind them", () => {
    expect(runs("hi :smile: @Li Na: see https://a.example/b?c=1). :nope:", [{ id: "u1", name: "Li Na" }])).toEqual([
      { run: "text", text: "hi " },
      { run: "emote", code: "smile" },
      { run: "text", text: " " },
      { run: "mention", text: "@Li Na", id: "u1" },
      { run: "text", text: ": see " },
      { run: "link", text: "https://a.example/b?c=1", href: "https://a.example/b?c=1" },
      { run: "text", text: "). :nope:" },
    ]);
  });
  it("loses no character, whatever the text and the names hold", () => {
    const words = ["@a.b", "(c)", ":smile:", "https://x.example", "：）", "$&", "\\", "[", "好", "@"];
    for (let seed = 1; seed < 400; seed += 1) {
      const text = [0, 1, 2, 3, 4]
        .map((at) => words[(seed * (at + 3) * 7 + at) % words.length])
        .join(seed % 2 ? "" : " ");
      const back = runs(text, [
        { id: "u", name: "a.b" },
        { id: "v", name: "(c)" },
      ])
        .map((run) => (run.run === "emote" ? `:${run.code}:` : run.text))
        .join("");
      expect(back).toBe(text);
    }
  });
  it("tells what is one emote, or emoji only", () => {
    expect(onlyEmote(" :smile: ", isEmote)).toBe("smile");
    expect(onlyEmote(":smile: hi", isEmote)).toBeUndefined();
    expect(["😀", "👍🏽", "👨‍👩‍👧", "🇨🇳🎉"].every(isOnlyEmoji)).toBe(true);
    expect(["", "a", "😀a", "11"].some(isOnlyEmoji)).toBe(false);
  });
});
