import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkLedger } from "../reconcile/check-ledger.ts";
import { gift, grant, person, ROOM, refund, startTestLedger, type TestLedger } from "../testing/ledger.ts";
import type { Command } from "./commands.ts";
import { createOutbox } from "./outbox-rows.ts";

let ledger: TestLedger;
beforeEach(() => {
  ledger = startTestLedger();
});
afterEach(() => ledger.stop());

const balance = (kind: string, owner: string) =>
  ledger.database.get(
    `SELECT coalesce(sum(e.amount), 0) AS sum FROM accounts a JOIN entries e ON e.account_id = a.id
     WHERE a.kind = ? AND a.owner = ?`,
    ...[kind, owner],
  )?.["sum"];
const told = () => createOutbox(ledger.database).waiting({ afterId: 0, limit: 100 });

describe("a gift", () => {
  it("moves the catalogue's price from the sender to host and platform, and tells the room", () => {
    ledger.apply(grant("ada", 100));
    const receipt = ledger.receipt(gift("ada", "gift-0001", { quantity: 3 }));
    expect(receipt).toMatchObject({ amount: 15, balance: 85, repeated: false });
    expect([balance("user", "ada"), balance("host", "host-1"), balance("platform", "")]).toEqual([85, 7, 8]);
    expect(balance("grants", "")).toBe(-100);
    expect(told()).toMatchObject([
      {
        ...{ cid: receipt.tx, roomId: "room-1", author: { id: "ada", name: "ada", role: "viewer" }, kind: "gift" },
        body: { gift: "rose", tx: [receipt.tx], to: "host-1", quantity: 3, total: 3, coins: 15, final: false },
      },
    ]);
    expect(checkLedger(ledger.database)).toEqual([]);
  });

  it("asked for again under its id changes nothing, and something else under it is a conflict", () => {
    ledger.apply(grant("ada", 100));
    const first = ledger.receipt(gift("ada", "gift-0001"));
    expect(ledger.receipt(gift("ada", "gift-0001"))).toEqual({ ...first, repeated: true });
    expect(ledger.apply(gift("ada", "gift-0001", { quantity: 2 }))).toMatchObject({ code: "cid-conflict" });
    ledger.apply(grant("bob", 100));
    expect(ledger.receipt(gift("bob", "gift-0001"))).toMatchObject({ repeated: false });
    expect(told()).toHaveLength(2);
  });

  it("keeps the answer to a repeated send when the price has changed since", () => {
    ledger.apply(grant("ada", 100));
    const first = ledger.receipt(gift("ada", "gift-0001"));
    const dearer = { id: "rose", nameEn: "Rose", nameZh: "玫瑰", price: 6, art: "rose", combo: true } as const;
    ledger.apply({ kind: "catalogue", askedBy: "admin", replaces: 1, gifts: [dearer] });
    expect(ledger.receipt(gift("ada", "gift-0001"))).toEqual({ ...first, repeated: true });
    expect(ledger.apply(gift("ada", "gift-0002"))).toMatchObject({ code: "price-changed" });
    expect(ledger.apply(gift("ada", "gift-0003", { giftId: "boba", unitPrice: 30 }))).toMatchObject({
      code: "gift-not-found",
    });
    expect(ledger.apply({ kind: "catalogue", askedBy: "admin", replaces: 1, gifts: [dearer] })).toMatchObject({
      code: "catalogue-changed",
    });
  });

  it("is refused beyond the balance and beyond each cap, which a refund gives back", () => {
    const capped = startTestLedger({ caps: { perSend: 20, perDay: 30, perMonth: 40 } });
    const send = (cid: string, quantity: number) => capped.apply(gift("ada", cid, { quantity }));
    expect(send("gift-0001", 1)).toMatchObject({ code: "insufficient-coins" });
    capped.apply(grant("ada", 1_000));
    expect(send("gift-0002", 5)).toMatchObject({ code: "spending-cap", detail: "At most 20 coins at once." });
    const first = capped.receipt(gift("ada", "gift-0003", { quantity: 4 }));
    expect(send("gift-0004", 3)).toMatchObject({ code: "spending-cap", detail: "At most 30 coins a day." });
    capped.receipt(refund(first.tx, "refund-01"));
    expect(send("gift-0005", 4)).toMatchObject({ ok: true });
    expect(send("gift-0006", 2)).toMatchObject({ ok: true });
    capped.nowMs += 30 * 60_000;
    expect(send("gift-0007", 1)).toMatchObject({ code: "spending-cap" });
    capped.nowMs += 3_600_000; // the first of February
    expect(send("gift-0008", 4)).toMatchObject({ ok: true });
    capped.nowMs += 24 * 3_600_000;
    expect(send("gift-0009", 4)).toMatchObject({ ok: true });
    capped.nowMs += 24 * 3_600_000;
    expect(send("gift-0010", 1)).toMatchObject({ code: "spending-cap", detail: "At most 40 coins a month." });
    expect(checkLedger(capped.database)).toEqual([]);
    capped.stop();
  });
});

describe("a gift to somebody on the stage", () => {
  const mei = { ...person("mei"), onStage: true };
  it("pays them in the host's place, tells their name, and is undone like any other", () => {
    ledger.apply(grant("ada", 100));
    const receipt = ledger.receipt(gift("ada", "gift-0001", { quantity: 4, recipient: mei }));
    expect([balance("host", "mei"), balance("host", "host-1"), balance("platform", "")]).toEqual([10, 0, 10]);
    expect(told()).toMatchObject([{ body: { to: "mei", toName: "mei", total: 4 } }]);
    expect(checkLedger(ledger.database)).toEqual([]);
    ledger.receipt(refund(receipt.tx, "refund-01"));
    expect(balance("host", "mei")).toBe(0);
    expect(checkLedger(ledger.database)).toEqual([]);
  });

  it("counts in a combo of its own, whose end tells the name too", () => {
    ledger.apply(grant("ada", 100));
    const toHost = ledger.receipt(gift("ada", "gift-0001"));
    const toMei = ledger.receipt(gift("ada", "gift-0002", { recipient: mei }));
    expect(toMei.combo).toMatchObject({ quantity: 1 });
    expect(toMei.combo?.id).not.toBe(toHost.combo?.id);
    ledger.apply({ kind: "end-combo", comboId: toMei.combo?.id ?? "", userId: "ada" });
    expect(told().at(-1)?.body).toMatchObject({ to: "mei", toName: "mei", quantity: 0, final: true });
    ledger.apply({ kind: "end-combo", comboId: toHost.combo?.id ?? "", userId: "ada" });
    expect(told().at(-1)?.body).not.toHaveProperty("toName");
  });

  it("is refused once they have left, unless it had been given before", () => {
    ledger.apply(grant("ada", 100));
    const gone = { ...mei, onStage: false };
    const first = ledger.receipt(gift("ada", "gift-0001", { recipient: mei }));
    expect(ledger.receipt(gift("ada", "gift-0001", { recipient: gone }))).toEqual({ ...first, repeated: true });
    expect(ledger.apply(gift("ada", "gift-0001"))).toMatchObject({ code: "cid-conflict" });
    expect(ledger.apply(gift("ada", "gift-0002", { recipient: gone }))).toMatchObject({ code: "not-on-stage" });
    expect(balance("user", "ada")).toBe(95);
  });

  it("that went to another account is found by the reconciliation", () => {
    ledger.apply(grant("ada", 100));
    ledger.receipt(gift("ada", "gift-0001", { quantity: 4, recipient: mei }));
    ledger.database.run("DROP TRIGGER transfers_stay");
    ledger.database.run("UPDATE transfers SET to_id = NULL WHERE kind = 'gift'");
    expect(checkLedger(ledger.database).map(({ name }) => name)).toEqual(["income-differs", "outbox-differs"]);
  });
});

describe("a combo", () => {
  beforeEach(() => {
    ledger.apply(grant("ada", 1_000));
  });

  it("carries absolute totals while gifts follow within the window, and is final after it", () => {
    ledger.receipt(gift("ada", "gift-0001"));
    ledger.nowMs += 4_000;
    expect(ledger.receipt(gift("ada", "gift-0002", { quantity: 2 })).combo).toMatchObject({ quantity: 3, value: 15 });
    ledger.nowMs += 5_001;
    expect(ledger.receipt(gift("ada", "gift-0003")).combo).toMatchObject({ quantity: 1, value: 5 });
    const totals = told().map((row) => row.kind === "gift" && [row.body.quantity, row.body.total, row.body.final]);
    expect(totals).toEqual([
      [1, 1, false],
      [2, 3, false],
      [0, 3, true],
      [1, 1, false],
    ]);
    ledger.nowMs += 5_001;
    ledger.apply({ kind: "tidy" });
    ledger.apply({ kind: "tidy" });
    expect(told().slice(4)).toMatchObject([{ body: { quantity: 0, total: 1, final: true } }]);
  });

  it("ends when its sender says so, once, and for nobody else", () => {
    const { combo } = ledger.receipt(gift("ada", "gift-0001"));
    const end = (userId: string) => ledger.apply({ kind: "end-combo", comboId: combo?.id ?? "", userId });
    expect(end("bob")).toMatchObject({ code: "combo-not-found" });
    expect([end("ada"), end("ada")]).toEqual([
      { ok: true, receipt: null },
      { ok: true, receipt: null },
    ]);
    expect(told().filter((row) => row.kind === "gift" && row.body.final)).toHaveLength(1);
    expect(ledger.receipt(gift("ada", "gift-0002")).combo?.id).not.toBe(combo?.id);
  });

  it("of a large gift is final at once, and so is one that is sent as final", () => {
    const crown = ledger.receipt(gift("ada", "gift-0001", { giftId: "crown", unitPrice: 199 }));
    const last = ledger.receipt(gift("ada", "gift-0002", { final: true }));
    expect([crown.combo?.final, last.combo?.final]).toEqual([true, true]);
  });

  it("loses a refunded gift from its totals", () => {
    ledger.receipt(gift("ada", "gift-0001"));
    const second = ledger.receipt(gift("ada", "gift-0002", { quantity: 2 }));
    expect(ledger.receipt(refund(second.tx, "refund-01")).combo).toMatchObject({ quantity: 1, value: 5 });
    expect(checkLedger(ledger.database)).toEqual([]);
  });
});

describe("a refund", () => {
  it("undoes a gift once, with the opposite entries", () => {
    ledger.apply(grant("ada", 100));
    const { tx } = ledger.receipt(gift("ada", "gift-0001"));
    const back = ledger.receipt(refund(tx, "refund-01"));
    expect(back).toMatchObject({ amount: 5, balance: 100, repeated: false });
    expect(ledger.receipt(refund(tx, "refund-01"))).toMatchObject({ tx: back.tx, repeated: true });
    expect(ledger.apply(refund(tx, "refund-02"))).toMatchObject({ code: "already-refunded" });
    expect(ledger.apply(refund(back.tx, "refund-03"))).toMatchObject({ code: "transfer-not-found" });
    expect(ledger.apply({ ...refund(tx, "refund-04"), roomId: "room-2" })).toMatchObject({
      code: "transfer-not-found",
    });
    expect([balance("host", "host-1"), balance("platform", "")]).toEqual([0, 0]);
    expect(told().at(-1)).toMatchObject({
      kind: "system",
      body: { code: "gift-refunded", values: { of: tx, amount: 5, total: 0, coins: 0 } },
    });
  });

  it("of a top-up is refused once its coins are spent", () => {
    const { tx } = ledger.receipt({ ...grant("ada", 7), kind: "top-up" } as never);
    ledger.receipt(gift("ada", "gift-0001"));
    expect(ledger.apply({ ...refund(tx, "refund-01"), roomId: null })).toMatchObject({ code: "insufficient-coins" });
    ledger.apply(grant("ada", 5));
    expect(ledger.receipt({ ...refund(tx, "refund-01"), roomId: null })).toMatchObject({ balance: 0 });
  });
});

describe("the database itself", () => {
  it("refuses entries that do not balance, entries of a closed transfer, debts, and any change", () => {
    ledger.apply(grant("ada", 100));
    ledger.receipt(gift("ada", "gift-0001"));
    const broken = (sql: string) => () => ledger.database.transaction(() => ledger.database.script(sql));
    const transfer = (id: number) =>
      `INSERT INTO transfers (id, tx, asked_by, cid, content, kind, amount, at_ms, day, user_id)
       VALUES (${id}, 'tx-${id}', 'x', 'cid-${id}', '', 'grant', 1, 0, '', 'ada');`;
    expect(broken(`INSERT INTO entries VALUES (9, 1, 1), (9, 2, -2); ${transfer(9)}`)).toThrow("sum to zero");
    expect(broken(transfer(9))).toThrow("sum to zero");
    expect(broken("INSERT INTO entries VALUES (9, 1, 1), (9, 2, -1)")).toThrow("FOREIGN KEY");
    expect(broken("INSERT INTO entries VALUES (1, 3, 1)")).toThrow("closed");
    expect(broken(`INSERT INTO entries VALUES (9, 1, -96), (9, 2, 96); ${transfer(9)}`)).toThrow("CHECK");
    expect(broken("UPDATE transfers SET amount = 1")).toThrow("never changed");
    expect(broken("DELETE FROM transfers")).toThrow("never removed");
    expect(broken("UPDATE entries SET amount = 1")).toThrow("never changed");
    expect(broken("DELETE FROM entries")).toThrow("never removed");
    expect(checkLedger(ledger.database)).toEqual([]);
  });

  it("is caught by the reconciliation when somebody goes around it", () => {
    ledger.apply(grant("ada", 100));
    const { tx } = ledger.receipt(gift("ada", "gift-0001"));
    const names = (sql: string) => {
      ledger.database.script(`SAVEPOINT fraud; ${sql}`);
      const found = checkLedger(ledger.database).map(({ name }) => name);
      ledger.database.script("ROLLBACK TO fraud; RELEASE fraud");
      return found;
    };
    expect(names("UPDATE accounts SET balance = 96 WHERE owner = 'ada'")).toEqual(["balance-differs"]);
    expect(names("UPDATE scores SET value = 6 WHERE period = 'all'")).toEqual(["score-differs", "score-differs"]);
    expect(names("DELETE FROM spending WHERE period = 'day 2026-01-31'")).toEqual(["spending-differs"]);
    expect(names("UPDATE combos SET quantity = 2")).toEqual(["combo-differs"]);
    expect(names("DELETE FROM outbox")).toEqual(["outbox-missing"]);
    expect(names("UPDATE outbox SET body = replace(body, '\"quantity\":1', '\"quantity\":2')")).toEqual([
      "outbox-differs",
    ]);
    expect(names("DROP TRIGGER entries_stay; UPDATE entries SET amount = amount + 1 WHERE amount = 3")).toEqual([
      ...["transfer-not-balanced", "coins-from-nowhere"],
    ]);
    expect(names("INSERT INTO snapshots VALUES (1, 1, 1)")).toEqual(["snapshot-differs"]);
    expect(tx).not.toBe("");
  });
});

describe("a paid message", () => {
  it("moves coins and carries its text and how long it is pinned", () => {
    ledger.apply(grant("ada", 100));
    const paid: Command & { kind: "paid" } = {
      ...{ kind: "paid", cid: "paid-0001", sender: person("ada"), room: ROOM, amount: 50, text: "你好" },
      ...{ pinMs: 60_000, mediaMs: 12 },
    };
    const receipt = ledger.receipt(paid);
    expect(told()).toMatchObject([
      {
        ...{ cid: receipt.tx, kind: "paid", mediaMs: 12 },
        body: { text: "你好", pinnedUntilMs: ledger.nowMs + 60_000, coins: 50, tx: receipt.tx },
      },
    ]);
    expect(ledger.apply({ ...paid, text: "other" })).toMatchObject({ code: "cid-conflict" });
    expect(checkLedger(ledger.database)).toEqual([]);
  });
});
