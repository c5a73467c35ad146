/**
 * The process that the ledger torture kills: ledger, outbox and room log as in an edge. It does what its parent says
 * over IPC and answers with what came of it.
 */

import type { Command, Outcome } from "@lianmai/edge/gifts/commands";
import { startLedger } from "@lianmai/edge/gifts/ledger";
import { ledgerPath, openLedger } from "@lianmai/edge/gifts/open-ledger";
import { createOutbox } from "@lianmai/edge/gifts/outbox";
import { startOutboxPump } from "@lianmai/edge/gifts/pump";
import { createRoomParts } from "@lianmai/edge/room/create-room-parts";
import { createLogger, createMetrics, systemClock } from "@lianmai/process";

/** From the parent. */
export interface GiverOrder {
  readonly number: number;
  readonly command: Command;
}

/** To the parent. */
export type GiverNews =
  | { readonly kind: "ready" }
  | { readonly kind: "outcome"; readonly number: number; readonly outcome: Outcome }
  | { readonly kind: "backlog"; readonly rows: number };

const [dataDir = "", redisUrl = ""] = process.argv.slice(2);
const RULES = {
  ...{ hostPercent: 70, comboWindowMs: 300, timeZone: "UTC" },
  caps: { perSend: 0, perDay: 0, perMonth: 0 },
};
const logger = createLogger({ process: "giver", level: "silent" });
const tell = (news: GiverNews) => process.send?.(news);

const room = createRoomParts({
  ...{ dataDir, redisUrl, clock: systemClock, logger, hooks: [] },
  metrics: createMetrics("giver"),
});
const ledger = await startLedger({ dataDir, rules: RULES, logger, metrics: createMetrics("giver") });
const outbox = createOutbox(openLedger(ledgerPath(dataDir)));
let isTelling = false;
ledger.onRole((isWriter) => {
  if (!isWriter || isTelling) return;
  isTelling = true;
  const pump = startOutboxPump({
    ...{ outbox, log: room.log, submit: ledger.submit, nowMs: Date.now, logger },
    onPlaced: () => undefined,
  });
  ledger.onCommitted(() => pump.wake());
  tell({ kind: "ready" });
});
process.on("message", (orders: readonly GiverOrder[]) => {
  for (const { number, command } of orders) {
    void ledger.submit(command).then((outcome) => tell({ kind: "outcome", number, outcome }));
  }
});
process.on("disconnect", () => process.exit(0));
setInterval(() => tell({ kind: "backlog", rows: outbox.backlog().rows }), 200);
