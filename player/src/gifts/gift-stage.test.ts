import type { CatalogueGift } from "@lianmai/edge/protocol";
import type { WireEntry } from "@lianmai/edge/protocol/room";
import { expect, it } from "vitest";
import { GiftStage } from "./gift-stage.svelte.ts";

const rose: CatalogueGift = { id: "rose", nameEn: "Rose", nameZh: "玫瑰", price: 5, art: "rose", combo: true };
const crown: CatalogueGift = { ...rose, id: "crown", art: "crown", combo: false };

function start() {
  const clock = { nowMs: 1_000 };
  const stage = new GiftStage({
    giftOf: (id) => [rose, crown].find((gift) => gift.id === id),
    nowMs: () => clock.nowMs,
  });
  const see = (combo: string, total: number, giftId = "rose") =>
    stage.see({ combo, name: "Ada", toName: undefined, giftId, quantity: 1, total });
  return { clock, stage, see };
}

it("shows a combo with its newest total, whatever comes late or twice", () => {
  const { clock, stage, see } = start();
  see("a", 1);
  see("a", 5);
  see("a", 3);
  see("a", 5);
  expect(stage.banners).toMatchObject([{ combo: "a", total: 5, gift: rose }]);
  clock.nowMs += 10_000;
  stage.tick();
  expect(stage.banners).toEqual([]);
  see("a", 5);
  expect(stage.banners).toEqual([]);
});

it("has room for three; the one that would go first makes room", () => {
  const { clock, stage, see } = start();
  for (const combo of ["a", "b", "c"]) {
    see(combo, 1);
    clock.nowMs += 100;
  }
  see("a", 2);
  see("d", 1);
  expect(stage.banners.map(({ combo }) => combo)).toEqual(["a", "c", "d"]);
});

it("shows large gifts one by one, and drops what would wait too long", () => {
  const { clock, stage, see } = start();
  for (let at = 0; at < 20; at += 1) see(`large-${at}`, 1, "crown");
  const shown: (string | undefined)[] = [];
  for (let at = 0; at < 20; at += 1) {
    if (stage.grand?.key !== shown.at(-1)) shown.push(stage.grand?.key);
    clock.nowMs += 2_200;
    stage.tick();
  }
  expect(shown[0]).toBe("large-0 1");
  expect(shown.at(-1)).toBeUndefined();
  expect(shown.length).toBeLessThanOrEqual(9);
});

it("pins paid messages by what they are worth, until their time is over", () => {
  const { clock, stage } = start();
  const paid = (cid: string, coins: number, pinnedUntilMs: number) =>
    ({
      ...{ seq: 1, cid, atMs: 0, from: { id: "u", name: "Ada", role: "viewer" }, kind: "paid" },
      body: { tx: cid, text: cid, coins, pinnedUntilMs },
    }) as WireEntry;
  stage.hear(paid("little", 10, 9_000));
  stage.hear(paid("much", 500, 5_000));
  stage.hear(paid("much", 500, 5_000));
  stage.hear(paid("over", 900, 500));
  expect(stage.pinned.map(({ cid }) => cid)).toEqual(["much", "little"]);
  clock.nowMs = 6_000;
  stage.tick();
  expect(stage.pinned.map(({ cid }) => cid)).toEqual(["little"]);
});
