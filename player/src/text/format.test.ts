import { describe, expect, it } from "vitest";
import { en } from "./en.ts";
import { formatAgo, formatBits, formatCount, formatElapsed, formatSeconds } from "./format.ts";
import { zh } from "./zh.ts";

describe("format", () => {
  it("writes rates with a sensible unit", () => {
    expect(formatBits(2_140_000, "en")).toBe("2.1 Mbit/s");
    expect(formatBits(640_400, "en")).toBe("640 kbit/s");
    expect(formatBits(25_300_000, "en")).toBe("25 Mbit/s");
  });

  it("writes elapsed time with hours only when there are some", () => {
    expect(formatElapsed(425_000)).toBe("7:05");
    expect(formatElapsed(3_723_999)).toBe("1:02:03");
    expect(formatElapsed(-5)).toBe("0:00");
  });

  it("follows the language", () => {
    expect(formatCount(1_234, "en")).toBe("1,234");
    expect(formatCount(12_345, "zh-CN")).toBe("1.2万");
    expect(formatAgo(0, 3 * 86_400_000, "zh-CN")).toBe("3天前");
    expect(formatAgo(0, 120_000, "en")).toBe("2 minutes ago");
    expect(formatSeconds(1_160, "en")).toBe("1.16 s");
  });
});

describe("texts", () => {
  const forms = (texts: object): string[] =>
    [...new Set(Object.keys(texts).map((key) => key.replace(/_(one|other)$/, "")))].sort();
  const holes = (text: string): string[] => [...text.matchAll(/\{\{(\w+)/g)].map((match) => match[1] ?? "").sort();

  it("exist in both languages", () => {
    expect(forms(zh)).toEqual(forms(en));
  });

  it("take the same values in both languages", () => {
    const english: Record<string, string> = en;
    const wrong = Object.entries(zh).filter(([key, text]) => {
      const other = english[key] ?? english[`${key}_other`] ?? "";
      return JSON.stringify(holes(text)) !== JSON.stringify(holes(other));
    });
    expect(wrong.map(([key]) => key)).toEqual([]);
  });
});
