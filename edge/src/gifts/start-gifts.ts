import type { Clock, Logger, Metrics, Settings } from "@lianmai/process";
import type { App } from "../http/create-app.ts";
import type { RoomLog } from "../room/room-log.ts";
import { startLedger } from "./ledger/ledger.ts";
import { ledgerPath, openLedger } from "./ledger/open-ledger.ts";
import { createOutbox, type Outbox } from "./ledger/outbox-rows.ts";
import { createPeriods } from "./ledger/periods.ts";
import { createLedgerReader } from "./ledger/reader.ts";
import { type OutboxPump, startOutboxPump } from "./outbox/pump.ts";
import { createProgressTeller } from "./outbox/tell-progress.ts";
import type { GiftParts } from "./routes/gift-parts.ts";
import { officeRoutes } from "./routes/office-routes.ts";
import { paymentRoutes } from "./routes/payment-routes.ts";
import { readRoutes } from "./routes/read-routes.ts";
import { sendRoutes } from "./routes/send-routes.ts";

/** A gift of the same kind within this time continues the combo. */
const COMBO_WINDOW_MS = 5_000;

/** Gifts in a running edge. */
export interface Gifts {
  /** Adds the routes. */
  register(app: App, parts: Omit<GiftParts, "submit" | "reader" | "periods" | "nowMs">): void;
  stop(): Promise<void>;
}

/** Opens the ledger and starts its writer. */
export async function startGifts(parts: {
  readonly settings: Settings;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: RoomLog;
}): Promise<Gifts> {
  const { settings, metrics, clock, log } = parts;
  const logger = parts.logger.child({ part: "gifts" });
  const rules = {
    hostPercent: settings.GIFT_HOST_PERCENT,
    caps: {
      perSend: settings.GIFT_COINS_PER_SEND,
      perDay: settings.GIFT_COINS_PER_DAY,
      perMonth: settings.GIFT_COINS_PER_MONTH,
    },
    comboWindowMs: COMBO_WINDOW_MS,
    timeZone: settings.TIME_ZONE,
  };
  const periods = createPeriods(rules.timeZone);
  const database = openLedger(ledgerPath(settings.DATA_DIR));
  const reader = createLedgerReader(database);
  const ledger = await startLedger({ dataDir: settings.DATA_DIR, rules, logger, metrics });
  const outbox = createOutbox(database);
  const progress = createProgressTeller({ log, reader, comboWindowMs: COMBO_WINDOW_MS });
  let pump: OutboxPump | undefined;
  // only who writes the ledger tells the rooms of it: the order of the outbox is the order of the log
  ledger.onRole((isWriter) => {
    if (isWriter === (pump !== undefined)) return;
    const onPlaced = progress.told;
    void pump?.stop();
    pump = isWriter
      ? startOutboxPump({ outbox, log, submit: ledger.submit, nowMs: clock.wallMs, logger, onPlaced })
      : undefined;
  });
  ledger.onCommitted(() => pump?.wake());
  measureOutbox(metrics, outbox, clock);
  return {
    register(app, given) {
      const giftParts = { ...given, submit: ledger.submit, reader, periods, nowMs: clock.wallMs };
      sendRoutes(app, giftParts);
      readRoutes(app, { ...giftParts, comboWindowMs: COMBO_WINDOW_MS });
      officeRoutes(app, { ...giftParts, comboWindowMs: COMBO_WINDOW_MS });
      paymentRoutes(app, { ...giftParts, keys: settings.PAYMENT_KEYS.split(",").filter((key) => key !== "") });
    },
    async stop() {
      progress.stop();
      await pump?.stop();
      await ledger.stop();
      database.close();
    },
  };
}

/** What the rooms have not been told yet. */
function measureOutbox(metrics: Metrics, outbox: Outbox, clock: Clock): void {
  metrics.gauge("lianmai_edge_gift_outbox_rows", "Entries that rooms have not got on disk yet.", [], (gauge) =>
    gauge.set(outbox.backlog().rows),
  );
  metrics.gauge("lianmai_edge_gift_outbox_age_seconds", "Age of the oldest of them.", [], (gauge) => {
    const { oldestAtMs } = outbox.backlog();
    gauge.set(oldestAtMs === undefined ? 0 : (clock.wallMs() - oldestAtMs) / 1_000);
  });
}
