import type { RoomLog } from "../../room/room-log.ts";
import type { OutboxRow } from "../ledger/outbox-rows.ts";
import type { LedgerReader } from "../ledger/reader.ts";

/** Leaders are told at most this often, per room. */
const LEADERS_EVERY_MS = 2_000;
/** Places that everybody is told. */
const LEADERS = 3;

/**
 * Tells the sheddable plane of each room how its combos stand and who gives most in the program. The log has the
 * truth; this is what somebody who comes in the middle sees at once.
 */
export function createProgressTeller(parts: {
  readonly log: Pick<RoomLog, "setState">;
  readonly reader: Pick<LedgerReader, "latestProgram" | "leaders">;
  readonly comboWindowMs: number;
}): { told(row: OutboxRow): void; stop(): void } {
  const { log, reader, comboWindowMs } = parts;
  const due = new Set<string>();
  const timer = setInterval(() => {
    for (const roomId of due) {
      const programId = reader.latestProgram(roomId);
      if (programId === undefined) continue;
      const { places } = reader.leaders(roomId, `program ${programId}`, LEADERS);
      log.setState(roomId, "leaders", { rows: places.map(({ user, value }) => ({ ...user, coins: value })) });
    }
    due.clear();
  }, LEADERS_EVERY_MS).unref();
  return {
    told(row) {
      due.add(row.roomId);
      if (row.kind !== "gift") return;
      const { gift, combo, total, coins, final } = row.body;
      const { id, name } = row.author;
      const endsAtMs = row.atMs + comboWindowMs;
      log.setState(row.roomId, `combo:${combo}`, final ? null : { gift, from: { id, name }, total, coins, endsAtMs });
    },
    stop: () => clearInterval(timer),
  };
}
