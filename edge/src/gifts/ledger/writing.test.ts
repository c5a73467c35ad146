import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMetrics } from "@lianmai/process";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually, silent } from "../../testing/redis.ts";
import { checkLedger } from "../reconcile/check-ledger.ts";
import { gift, grant, RULES, refund, startTestLedger } from "../testing/ledger.ts";
import { createApply } from "./apply.ts";
import { createLease, LEASE_MS } from "./lease.ts";
import { type Ledger, startLedger } from "./ledger.ts";
import { ledgerPath, openLedger } from "./open-ledger.ts";
import { LeaseLost, writeBatch } from "./write-batch.ts";

let dataDir: string;
const running: Ledger[] = [];
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "ledger-"));
});
afterEach(async () => {
  for (const ledger of running.splice(0)) await ledger.stop();
  await rm(dataDir, { recursive: true, force: true });
});

const start = async (): Promise<Ledger> => {
  const ledger = await startLedger({ dataDir, rules: RULES, logger: silent, metrics: createMetrics("edge") });
  running.push(ledger);
  return ledger;
};
const differences = () => {
  const database = openLedger(ledgerPath(dataDir));
  try {
    return checkLedger(database);
  } finally {
    database.close();
  }
};
const send = (ledger: Ledger, cid: string) => ledger.submit(gift("ada", cid, { giftId: "heart", unitPrice: 1 }));

describe("the writer", () => {
  it("answers each of many at once, moves coins once per id, and never below zero", async () => {
    const ledger = await start();
    await ledger.submit(grant("ada", 100));
    const asked = Array.from({ length: 300 }, (_, at) => send(ledger, `gift-number-${at % 150}`));
    const outcomes = await Promise.all(asked);
    const kinds = outcomes.map((outcome) =>
      outcome.ok ? (outcome.receipt?.repeated ? "again" : "moved") : outcome.code,
    );
    expect(kinds.filter((kind) => kind === "moved")).toHaveLength(100);
    expect(kinds.filter((kind) => kind === "again")).toHaveLength(100);
    expect(kinds.filter((kind) => kind === "insufficient-coins")).toHaveLength(100);
    expect(differences()).toEqual([]);
  });

  it("undoes a gift once, whoever of many asks first", async () => {
    const ledger = await start();
    await ledger.submit(grant("ada", 100));
    const sent = await send(ledger, "gift-0001");
    const tx = (sent.ok && sent.receipt?.tx) || "";
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, at) => ledger.submit(refund(tx, `refund-number-${at}`))),
    );
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
    expect(outcomes.filter((outcome) => !outcome.ok && outcome.code === "already-refunded")).toHaveLength(19);
    expect(differences()).toEqual([]);
  });

  it("is one of several processes; the others hand over to it and take its place", async () => {
    const [first, second] = [await start(), await start()];
    expect([first.isWriter(), second.isWriter()]).toEqual([true, false]);
    expect(await second.submit(grant("ada", 100))).toMatchObject({ ok: true });
    const both = await Promise.all([send(first, "gift-0001"), send(second, "gift-0001")]);
    const receipts = both.map((outcome) => (outcome.ok ? outcome.receipt : null));
    expect(new Set(receipts.map((receipt) => receipt?.tx)).size).toBe(1);
    expect(receipts.filter((receipt) => receipt && !receipt.repeated)).toHaveLength(1);
    await first.stop();
    await eventually(() => second.isWriter());
    expect(await send(second, "gift-0001")).toMatchObject({ ok: true, receipt: { repeated: true, balance: 99 } });
  });
});

describe("the lease", () => {
  it("lets a writer that slept through it write nothing", () => {
    const ledger = startTestLedger();
    const options = { nowMs: () => ledger.nowMs };
    const slow = createLease(ledger.database, { me: { address: "slow", token: "" }, ...options });
    const quick = createLease(ledger.database, { me: { address: "quick", token: "" }, ...options });
    const epoch = slow.take() ?? 0;
    expect(quick.take()).toBeUndefined();
    ledger.nowMs += LEASE_MS;
    expect(quick.take()).toBe(epoch + 1);
    const clock = { wallMs: () => ledger.nowMs, monotonicMs: () => ledger.nowMs };
    const apply = createApply(ledger.database, { rules: RULES, clock });
    const parts = { apply, onFault: () => undefined };
    const batch = [grant("ada", 1, "grant-0001")];
    expect(() => writeBatch(ledger.database, batch, { ...parts, lease: slow, epoch })).toThrow(LeaseLost);
    expect(ledger.database.get("SELECT count(*) AS count FROM transfers")).toEqual({ count: 0 });
    expect(writeBatch(ledger.database, batch, { ...parts, lease: quick, epoch: epoch + 1 })).toMatchObject([
      { ok: true },
    ]);
    ledger.stop();
  });

  it("a command that the database refuses leaves the others of its batch alone", () => {
    const ledger = startTestLedger();
    const lease = createLease(ledger.database, { me: { address: "", token: "" }, nowMs: () => ledger.nowMs });
    const epoch = lease.take() ?? 0;
    const clock = { wallMs: () => ledger.nowMs, monotonicMs: () => ledger.nowMs };
    const apply = createApply(ledger.database, { rules: RULES, clock });
    const faults: unknown[] = [];
    const impossible = grant("ada", 1.5, "grant-0002");
    const outcomes = writeBatch(ledger.database, [grant("ada", 1), impossible, grant("ada", 2)], {
      ...{ apply, lease, epoch },
      onFault: (error) => faults.push(error),
    });
    expect(outcomes).toMatchObject([{ ok: true }, { ok: false, code: "ledger-away" }, { receipt: { balance: 3 } }]);
    expect(faults).toHaveLength(1);
    ledger.stop();
  });
});
