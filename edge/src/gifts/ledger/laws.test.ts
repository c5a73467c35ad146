import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkLedger } from "../reconcile/check-ledger.ts";
import { gift, grant, refund, startTestLedger, type TestLedger } from "../testing/ledger.ts";
import type { Command, Receipt } from "./commands.ts";

const USERS = ["ada", "bob", "eve"];
const user = fc.constantFrom(...USERS);
/** Few ids, so that they meet again: as retries, and as conflicts. */
const cid = fc.integer({ min: 0, max: 15 }).map((number) => `cid-number-${number}`);

type Step =
  | { readonly at: "command"; readonly command: Command }
  | { readonly at: "refund"; readonly pick: number; readonly cid: string }
  | { readonly at: "end-combo"; readonly pick: number }
  | { readonly at: "retry"; readonly pick: number }
  | { readonly at: "wait"; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(
        user,
        cid,
        fc.constantFrom(["heart", 1], ["rose", 5], ["crown", 199], ["rose", 4], ["none", 1]),
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
      )
      .map(([who, id, [giftId, unitPrice], quantity, final]) => ({
        at: "command" as const,
        command: gift(who, id, { giftId: String(giftId), unitPrice: Number(unitPrice), quantity, final }),
      })),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(user, fc.integer({ min: 1, max: 300 }), cid)
      .map(([who, amount, id]) => ({ at: "command" as const, command: grant(who, amount, id) })),
  },
  { weight: 2, arbitrary: fc.record({ at: fc.constant("refund" as const), pick: fc.nat(), cid }) },
  { weight: 1, arbitrary: fc.record({ at: fc.constant("end-combo" as const), pick: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ at: fc.constant("retry" as const), pick: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ at: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 9_000_000 }) }) },
  { weight: 1, arbitrary: fc.constant({ at: "command" as const, command: { kind: "tidy" as const } }) },
);

/** What must have happened, counted apart from the ledger: change of each user's coins by transfer. */
interface Model {
  readonly changes: Map<string, { readonly user: string; readonly change: number }>;
  readonly done: { readonly command: Command; readonly receipt: Receipt }[];
}

function play(ledger: TestLedger, steps: readonly Step[]): Model {
  const model: Model = { changes: new Map(), done: [] };
  const picked = (pick: number) => model.done[pick % Math.max(1, model.done.length)];
  const run = (command: Command) => {
    const outcome = ledger.apply(command);
    if (!outcome.ok || !outcome.receipt) return;
    const { receipt } = outcome;
    if (!receipt.repeated) {
      model.changes.set(receipt.tx, change(command, receipt, model));
      model.done.push({ command, receipt });
    }
  };
  for (const next of steps) {
    if (next.at === "command") run(next.command);
    else if (next.at === "wait") ledger.nowMs += next.ms;
    else if (next.at === "retry") retry(ledger, picked(next.pick));
    else if (next.at === "refund") run({ ...refund(picked(next.pick)?.receipt.tx ?? "none", next.cid), roomId: null });
    else ledger.apply({ kind: "end-combo", comboId: picked(next.pick)?.receipt.combo?.id ?? "none", userId: "ada" });
  }
  return model;
}

function change(command: Command, receipt: Receipt, model: Model) {
  if (command.kind === "gift") return { user: command.sender.id, change: -receipt.amount };
  if (command.kind === "grant") return { user: command.user.id, change: receipt.amount };
  const undone = model.changes.get(command.kind === "refund" ? command.tx : "");
  if (!undone) throw new Error("a refund of nothing");
  return { user: undone.user, change: -undone.change };
}

function retry(ledger: TestLedger, before: Model["done"][number] | undefined): void {
  if (!before) return;
  const again = ledger.receipt(before.command);
  expect(again).toMatchObject({ tx: before.receipt.tx, amount: before.receipt.amount, repeated: true });
}

describe("whatever is asked, in whatever order, how often", () => {
  it("sums are zero, no balance is negative, each gift counts once and is told once", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 80 }), (steps) => {
        const ledger = startTestLedger({ hostPercent: 33 });
        try {
          const { changes } = play(ledger, steps);
          expect(checkLedger(ledger.database)).toEqual([]);
          for (const who of USERS) {
            const expected = [...changes.values()].reduce((sum, at) => sum + (at.user === who ? at.change : 0), 0);
            const row = ledger.database.get("SELECT balance FROM accounts WHERE kind = 'user' AND owner = ?", who);
            expect(Number(row?.["balance"] ?? 0)).toBe(expected);
          }
          const ids = ledger.database.all("SELECT tx FROM transfers ORDER BY id").map(({ tx }) => tx);
          expect(ids).toEqual([...changes.keys()]);
        } finally {
          ledger.stop();
        }
      }),
      { numRuns: 60 },
    );
  });

  it("a combo's entries tell totals that only grow, and end once", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 7_000 }))), (sends) => {
        const ledger = startTestLedger();
        try {
          ledger.apply(grant("ada", 100_000));
          for (const [at, [quantity, waitMs]] of sends.entries()) {
            ledger.apply(gift("ada", `gift-number-${at}`, { quantity }));
            ledger.nowMs += waitMs;
          }
          ledger.nowMs += 60_000;
          ledger.apply({ kind: "tidy" });
          const rows = ledger.database.all(
            `SELECT json_extract(body, '$.combo') AS id, json_extract(body, '$.total') AS quantity,
               json_extract(body, '$.final') AS final FROM outbox ORDER BY id`,
          );
          const totals = new Map<unknown, { quantity: number; final: number }>();
          for (const { id, quantity, final } of rows) {
            const before = totals.get(id) ?? { quantity: 0, final: 0 };
            expect(before.final).toBe(0);
            expect(Number(quantity)).toBeGreaterThanOrEqual(before.quantity);
            totals.set(id, { quantity: Number(quantity), final: Number(final) });
          }
          expect([...totals.values()].every(({ final }) => final === 1)).toBe(true);
          const told = [...totals.values()].reduce((sum, { quantity }) => sum + quantity, 0);
          expect(told).toBe(sends.reduce((sum, [quantity]) => sum + quantity, 0));
        } finally {
          ledger.stop();
        }
      }),
      { numRuns: 40 },
    );
  });
});
