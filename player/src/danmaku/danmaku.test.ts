import type { Entry } from "@lianmai/edge/protocol/room";
import { beforeEach, expect, it } from "vitest";
import { Danmaku } from "./danmaku.svelte.ts";
import { settingsFrom } from "./settings.ts";

let count = 0;
const said = (id = "ann", ageMs = 0): Entry => {
  count += 1;
  const from = { id, name: id, role: "viewer" };
  return {
    gen: 1,
    seq: count,
    cid: `c${count}`,
    atMs: 100_000 - ageMs,
    from,
    kind: "text",
    body: { text: "hi" },
  } as Entry;
};
let danmaku: Danmaku;
const hear = (entry: Entry) => danmaku.hear(entry, { youId: "me", widthOf: () => 100 });

beforeEach(() => {
  danmaku = new Danmaku({ nowMs: () => 100_000 });
  danmaku.resize({ lanes: 40, widthPx: 800 });
});

it("lets new messages fly, not those of the past, and fewer at a low density", () => {
  hear(said("ann", 60_000));
  expect(danmaku.flying).toEqual([]);
  danmaku.change({ density: "low" });
  for (let at = 0; at < 20; at += 1) hear(said());
  expect(danmaku.flying).toHaveLength(12);
  expect(danmaku.dropped).toBe(8);
  hear(said("me"));
  expect(danmaku.flying.at(-1)).toMatchObject({ isYours: true });
});

it("takes away what is withdrawn, and everything when it is turned off", () => {
  const one = said();
  for (const entry of [one, said("bob"), said()]) hear(entry);
  hear({ ...said(), kind: "act", body: { act: "delete", cid: one.cid } } as Entry);
  expect(danmaku.flying).toHaveLength(2);
  hear({ ...said(), kind: "act", body: { act: "purge", user: "ann" } } as Entry);
  expect(danmaku.flying.map(({ entry }) => entry.from.id)).toEqual(["bob"]);
  danmaku.change({ isOn: false });
  hear(said());
  expect(danmaku.flying).toEqual([]);
});

it("reads stored settings field by field", () => {
  expect(settingsFrom({ isOn: false, density: "dense", opacity: 7 })).toEqual({
    isOn: false,
    density: "medium",
    opacity: 0.9,
  });
  expect(settingsFrom("x")).toMatchObject({ isOn: true });
});
