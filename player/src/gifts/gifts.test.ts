import type { Catalogue, GiftReceipt, GiftSend, Problem } from "@lianmai/edge/protocol";
import { expect, it, vi } from "vitest";
import { ApiError } from "../api/request.ts";
import { Gifts } from "./gifts.svelte.ts";
import { newCid } from "./new-cid.ts";
import { sendSurely } from "./send-surely.ts";

const rose = { id: "rose", nameEn: "Rose", nameZh: "玫瑰", price: 5, art: "rose", combo: true } as const;
const catalogue: Catalogue = { version: 1, gifts: [rose], paidTiers: [], comboWindowMs: 5_000 };
const problem = (code: string): ApiError =>
  new ApiError({ type: "", title: code, status: 409, code } satisfies Problem);

function start(send: (body: GiftSend) => Promise<GiftReceipt>) {
  const sent: GiftSend[] = [];
  const stage = { see: vi.fn() };
  const gifts = new Gifts({
    ...{ slug: "stage", stage, name: () => "Ada" },
    api: {
      catalogue: async () => catalogue,
      wallet: async () => ({ balance: 7, income: 0, transfers: [], nextCursor: null }),
      say: async () => receipt(0),
      send: (_slug, body) => {
        sent.push(body);
        return send(body);
      },
    },
  });
  return { gifts, sent, stage };
}
const receipt = (quantity: number): GiftReceipt => ({
  ...{ tx: "tx", amount: 5 * quantity, balance: 100, repeated: false },
  combo: { id: "combo", quantity, value: 5 * quantity, final: false },
});

it("taps that come while a gift is under way go together in the next", async () => {
  let answerFirst = (): void => undefined;
  const first = new Promise<void>((resolve) => {
    answerFirst = resolve;
  });
  let total = 0;
  const { gifts, sent, stage } = start(async ({ quantity }) => {
    if (sent.length === 1) await first;
    total += quantity;
    return receipt(total);
  });
  await gifts.loadCatalogue();
  for (let tap = 0; tap < 9; tap += 1) gifts.give(rose, 1, undefined);
  expect(gifts.underWay).toBe(9);
  answerFirst();
  await vi.waitFor(() => expect(gifts.underWay).toBe(0));
  expect(sent.map(({ quantity }) => quantity)).toEqual([1, 8]);
  expect(new Set(sent.map(({ cid }) => cid)).size).toBe(2);
  expect(gifts.combo).toMatchObject({ total: 9 });
  expect(stage.see).toHaveBeenLastCalledWith(expect.objectContaining({ combo: "combo", total: 9 }));
});

it("taps for one person are never counted for another", async () => {
  const mei = { id: "mei", name: "Mei" };
  const { gifts, sent, stage } = start(async ({ quantity }) => receipt(quantity));
  await gifts.loadCatalogue();
  gifts.give(rose, 1, mei);
  gifts.give(rose, 2, undefined);
  gifts.give(rose, 3, mei);
  await vi.waitFor(() => expect(gifts.underWay).toBe(0));
  expect(sent.map(({ to, quantity }) => [to, quantity])).toEqual([
    ["mei", 1],
    [undefined, 2],
    ["mei", 3],
  ]);
  expect(stage.see).toHaveBeenCalledWith(expect.objectContaining({ toName: "Mei" }));
});

it("a refusal takes the taps behind it along and reads the wallet again", async () => {
  const { gifts, sent } = start(() => Promise.reject(problem("insufficient-coins")));
  gifts.give(rose, 1, undefined);
  gifts.give(rose, 1, undefined);
  await vi.waitFor(() => expect(gifts.underWay).toBe(0));
  expect(sent).toHaveLength(1);
  expect(gifts.problem?.code).toBe("insufficient-coins");
  expect(gifts.balance).toBe(7);
});

it("asks again with the same id while it is not known whether coins have moved, and not after a refusal", async () => {
  const answers = ["ledger-away", "no-answer"];
  const asked: string[] = [];
  const cid = newCid();
  const ask = async () => {
    asked.push(cid);
    const code = answers.shift();
    if (code !== undefined) throw problem(code);
    return "done";
  };
  const waits: number[] = [];
  const options = { wait: async (ms: number) => void waits.push(ms), random: () => 1 };
  expect(await sendSurely(ask, options)).toBe("done");
  expect(asked).toEqual([cid, cid, cid]);
  expect(waits).toEqual([800, 1_600]);
  answers.push("price-changed", "price-changed");
  await expect(sendSurely(ask, options)).rejects.toThrow("price-changed");
  expect(answers).toHaveLength(1);
});

it("ids are UUIDs of version 7 in the order of their making", () => {
  const ids = [1, 2, 3].map((nowMs) => newCid(1_790_000_000_000 + nowMs));
  expect(ids).toEqual([...ids].sort());
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
