import type { Database } from "../../storage/database.ts";

/** How long a holder that says nothing keeps the lease. */
export const LEASE_MS = 5_000;
/** It is renewed by the first batch after this. */
const RENEW_AFTER_MS = 1_500;

/** Where the holder takes the commands of other processes. */
export interface LeaseHolder {
  readonly address: string;
  readonly token: string;
}

/**
 * The right to write the ledger: a row of the ledger itself, read in the transaction of each batch. A holder that slept
 * through its lease finds another epoch there and has written nothing.
 */
export interface Lease {
  /** Takes the lease when it is free or old; the new epoch, or undefined while another process holds it. */
  take(): number | undefined;
  /** Checks the epoch inside the caller's transaction, and renews when due. False: lost. */
  hold(epoch: number): boolean;
  release(epoch: number): void;
  /** Who holds it now; undefined when nobody does. */
  holder(): LeaseHolder | undefined;
}

/** Makes a {@link Lease}; `nowMs` is wall time, the same for all processes of a machine. */
export function createLease(
  database: Database,
  options: { readonly me: LeaseHolder; readonly nowMs: () => number },
): Lease {
  const { me, nowMs } = options;
  const read = () => {
    const row = database.get("SELECT epoch, address, token, until_ms FROM writer_lease WHERE id = 1");
    return { epoch: Number(row?.["epoch"]), untilMs: Number(row?.["until_ms"]), row };
  };
  return {
    take: () =>
      database.transaction(() => {
        const { epoch, untilMs } = read();
        if (untilMs > nowMs()) return undefined;
        database.run(
          "UPDATE writer_lease SET epoch = ?, address = ?, token = ?, until_ms = ? WHERE id = 1",
          ...[epoch + 1, me.address, me.token, nowMs() + LEASE_MS],
        );
        return epoch + 1;
      }),
    hold(epoch) {
      const held = read();
      if (held.epoch !== epoch) return false;
      if (held.untilMs - nowMs() < LEASE_MS - RENEW_AFTER_MS) {
        database.run("UPDATE writer_lease SET until_ms = ? WHERE id = 1", nowMs() + LEASE_MS);
      }
      return true;
    },
    release(epoch) {
      database.run("UPDATE writer_lease SET until_ms = 0 WHERE id = 1 AND epoch = ?", epoch);
    },
    holder() {
      const { untilMs, row } = read();
      return untilMs > nowMs() ? { address: String(row?.["address"]), token: String(row?.["token"]) } : undefined;
    },
  };
}
