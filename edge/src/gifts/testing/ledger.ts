import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Database } from "../../storage/database.ts";
import { createApply } from "../ledger/apply.ts";
import type { LedgerRules } from "../ledger/books.ts";
import { BUILT_IN_GIFTS } from "../ledger/built-in-gifts.ts";
import type { Command, Outcome, Receipt } from "../ledger/commands.ts";
import { ledgerPath, openLedger } from "../ledger/open-ledger.ts";

/** A ledger of a test's own, written directly. */
export interface TestLedger {
  readonly database: Database;
  readonly dataDir: string;
  /** Wall time of the ledger. */
  nowMs: number;
  /** Applies a command in a transaction of its own. */
  apply(command: Command): Outcome;
  /** The receipt of a command that must not be refused. */
  receipt(command: Command): Receipt;
  stop(): void;
}

/** Rules of tests: half for the host, no caps. */
export const RULES: LedgerRules = {
  hostPercent: 50,
  caps: { perSend: 0, perDay: 0, perMonth: 0 },
  comboWindowMs: 5_000,
  timeZone: "UTC",
};

/** The room that tests give in. */
export const ROOM = { id: "room-1", slug: "one", hostId: "host-1", programId: "program-1" };

/** Opens a ledger with the built-in price list. */
export function startTestLedger(rules: Partial<LedgerRules> = {}): TestLedger {
  const dataDir = mkdtempSync(join(tmpdir(), "ledger-"));
  const database = openLedger(ledgerPath(dataDir));
  const clock = { wallMs: () => ledger.nowMs, monotonicMs: () => ledger.nowMs };
  const apply = createApply(database, { rules: { ...RULES, ...rules }, clock });
  const ledger: TestLedger = {
    ...{ database, dataDir, nowMs: Date.UTC(2026, 0, 31, 23, 0) },
    apply: (command) => database.transaction(() => apply(command)),
    receipt(command) {
      const outcome = ledger.apply(command);
      if (!outcome.ok || !outcome.receipt) throw new Error(`refused: ${JSON.stringify(outcome)}`);
      return outcome.receipt;
    },
    stop() {
      database.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
  ledger.apply({ kind: "catalogue", askedBy: "test", replaces: 0, gifts: BUILT_IN_GIFTS });
  return ledger;
}

/** A person by one name. */
export const person = (name: string) => ({ id: name, name, role: "viewer" as const });

/** Coins for a user. */
export const grant = (user: string, amount: number, cid = `grant-${user}-${amount}`): Command => ({
  ...{ kind: "grant", cid, askedBy: "admin", user: person(user), amount, note: "test" },
});

/** A gift in {@link ROOM}. */
export const gift = (
  user: string,
  cid: string,
  more: Partial<Command & { kind: "gift" }> = {},
): Command & { kind: "gift" } => ({
  ...{
    kind: "gift",
    cid,
    sender: person(user),
    room: ROOM,
    recipient: null,
    giftId: "rose",
    quantity: 1,
    unitPrice: 5,
  },
  ...{ final: false, mediaMs: null },
  ...more,
});

/** A refund by the host. */
export const refund = (tx: string, cid: string): Command & { kind: "refund" } => ({
  ...{ kind: "refund", cid, askedBy: "host-1", roomId: ROOM.id, tx, reason: "asked for" },
});
