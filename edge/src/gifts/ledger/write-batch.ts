import type { Database } from "../../storage/database.ts";
import type { Apply } from "./apply.ts";
import { type Command, type Outcome, refused } from "./commands.ts";
import type { Lease } from "./lease.ts";

/** The lease belongs to another process; nothing of the batch was written. */
export class LeaseLost extends Error {
  override readonly name = "LeaseLost";
}

/**
 * Applies commands in one transaction, hence with one fsync. A command that the database refuses is undone alone; all
 * others go through. Throws {@link LeaseLost}, or what the commit failed with: then nothing was written, or everything
 * was and asking again with the same ids tells so.
 */
export function writeBatch(
  database: Database,
  commands: readonly Command[],
  parts: { readonly apply: Apply; readonly lease: Lease; readonly epoch: number; onFault(error: unknown): void },
): Outcome[] {
  const { apply, lease, epoch, onFault } = parts;
  return database.transaction(() => {
    if (!lease.hold(epoch)) throw new LeaseLost("the ledger has another writer");
    return commands.map((command) => {
      database.run("SAVEPOINT command");
      try {
        return apply(command);
      } catch (error) {
        database.run("ROLLBACK TO command");
        onFault(error);
        return refused("ledger-away");
      } finally {
        database.run("RELEASE command");
      }
    });
  });
}
