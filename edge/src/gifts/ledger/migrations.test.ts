import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openDatabase } from "../../storage/database.ts";
import { migrate, readMigrations } from "../../storage/migrate.ts";
import { checkLedger } from "../reconcile/check-ledger.ts";

const all = readMigrations(new URL("../migrations/", import.meta.url));

it("gifts and open combos from before recipients are the host's", () => {
  const directory = mkdtempSync(join(tmpdir(), "ledger-"));
  const database = openDatabase(join(directory, "ledger.sqlite"));
  try {
    migrate(database, { migrations: all.slice(0, 1) });
    database.transaction(() => {
      database.run("INSERT INTO accounts VALUES (1, 'user', 'ada', 0), (2, 'host', 'ann', NULL)");
      database.run("INSERT INTO accounts VALUES (3, 'payments', '', NULL)");
      database.run("INSERT INTO entries VALUES (1, 1, 5), (1, 3, -5)");
      database.run(
        `INSERT INTO transfers (id, tx, asked_by, cid, content, kind, amount, at_ms, day, user_id)
         VALUES (1, 't1', 'pay', 'c1', '', 'top-up', 5, 1, '2026-01-01', 'ada')`,
      );
      database.run("INSERT INTO combos VALUES ('c', 'r', 'ada', 'rose', 'ann', 't2', 0, 0, 1, 2, 'open')");
    });
    migrate(database, { migrations: all });
    expect(database.get("SELECT to_id FROM combos")?.["to_id"]).toBe("ann");
    expect(database.get("SELECT to_id FROM transfers")?.["to_id"]).toBeNull();
    const again = "INSERT INTO combos VALUES (?, 'r', 'ada', 'rose', ?, 't3', 0, 0, 1, 2, 'open')";
    database.run(again, "d", "mei");
    expect(() => database.run(again, "e", "ann")).toThrow();
    expect(checkLedger(database)).toEqual([]);
  } finally {
    database.close();
    rmSync(directory, { recursive: true, force: true });
  }
});
