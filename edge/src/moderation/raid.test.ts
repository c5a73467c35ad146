import { describe, expect, it } from "vitest";
import { createRaidWatch } from "./raid.ts";

const talk = (count: number, make: (at: number) => { userId: string; known: boolean; text: string }, everyMs = 500) => {
  const watch = createRaidWatch();
  const began = Array.from({ length: count }, (_, at) => watch.saw(make(at), at * everyMs)).filter(Boolean).length;
  return { watch, began, endMs: count * everyMs };
};

describe("a raid", () => {
  it("is many strangers at once, noticed once", () => {
    const { watch, began, endMs } = talk(40, (at) => ({ userId: `s${at}`, known: false, text: `hello ${at}` }));
    expect([began, watch.view(endMs)]).toEqual([1, { state: "suspected", sinceMs: 7_000, why: "strangers" }]);
    expect(watch.view(endMs + 120_000)).toEqual({ state: "calm", why: "" });
  });

  it("is many strangers who say the same, whatever the numbers behind it", () => {
    const { watch, endMs } = talk(10, (at) => ({ userId: `s${at}`, known: false, text: `BUY followers at ${at}!!` }));
    expect(watch.view(endMs).why).toBe("chorus");
  });

  it("is not a busy room, a cheering one, or one loud stranger", () => {
    const busy = talk(200, (at) => ({ userId: `u${at % 60}`, known: at % 60 > 12, text: `line ${at}` }), 100);
    const cheer = talk(200, (at) => ({ userId: `u${at % 60}`, known: true, text: "what a beautiful goal" }), 100);
    const short = talk(14, (at) => ({ userId: `u${at}`, known: false, text: "666" }));
    const loud = talk(200, () => ({ userId: "s", known: false, text: "again and again" }), 100);
    expect([busy, cheer, short, loud].map(({ watch, endMs }) => watch.view(endMs).state)).toEqual(
      Array(4).fill("calm"),
    );
  });
});
