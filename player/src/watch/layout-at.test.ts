import { type LayoutParticipant, planLayout } from "@lianmai/edge/protocol/layout";
import { expect, it } from "vitest";
import { isIn, layoutAt, newestLayout, readLayout, tappable } from "./layout-at.ts";

const written = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const range = (second: number, text: string, name = "lianmai.layout") => ({
  class: name,
  startDate: new Date(second * 1_000),
  attr: { "X-LAYOUT": text },
});
const people: LayoutParticipant[] = ["主播", "Zoë 🌷"].map((name, index) => ({
  ...{ id: `p${index}`, name, hasCamera: true, hasScreen: false, isMuted: false },
}));
const planned = (count: number) =>
  planLayout(people.slice(0, count), {
    ...{ choice: { kind: "auto" }, room: "tea", canvas: { width: 1_280, height: 720 } },
  });

it("takes the layout of the picture, not the newest", () => {
  const ranges = { b: range(20, "later"), a: range(10, "now"), c: range(15, "other", "com.example.ad") };
  expect(layoutAt(ranges, new Date(9_999))).toBe("");
  expect(layoutAt(ranges, new Date(19_999))).toBe("now");
  expect(layoutAt(ranges, new Date(20_000))).toBe("later");
  expect(layoutAt(ranges, null)).toBe("");
  expect(layoutAt(undefined, new Date())).toBe("");
});

it("finds the newest layout in a playlist, whatever else is dated there", () => {
  const line = (second: number, id: string, name = "lianmai.layout") => {
    const start = new Date(second * 1_000).toISOString();
    return `#EXT-X-DATERANGE:ID="${id}",CLASS="${name}",START-DATE="${start}",END-ON-NEXT=YES,X-LAYOUT="${id}"`;
  };
  const ranges = [line(20, "newest"), line(10, "older"), line(30, "other", "com.example.ad")];
  const lines = ["#EXTM3U", ...ranges, "#EXTINF:1.0,", "a.m4s"];
  expect(newestLayout(lines.join("\n"))).toBe("newest");
  expect(newestLayout(lines.join("\r\n"))).toBe("newest");
  expect(newestLayout("#EXTM3U\n")).toBe("");
});

it("reads names in any script, and refuses what it does not know", () => {
  expect(readLayout(written(planned(2)))).toEqual(planned(2));
  for (const text of ["", "%", "bm90IGpzb24", written({ ...planned(2), version: 2 }), written({ version: 1 })]) {
    expect(readLayout(text)).toBeUndefined();
  }
});

it("knows who is in the picture", () => {
  expect(isIn(planned(2), "p1")).toBe(true);
  expect(isIn(planned(1), "p1")).toBe(false);
  expect(isIn(planned(2), undefined)).toBe(false);
  expect(isIn(undefined, "p1")).toBe(false);
});

it("lets people be tapped where there are several", () => {
  expect(tappable(planned(1))).toEqual([]);
  expect(tappable(planned(2)).map(({ name }) => name)).toEqual(["主播", "Zoë 🌷"]);
});
