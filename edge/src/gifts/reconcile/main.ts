/** `npm run reconcile`: exit code 0 when ledger, archive and room log agree, 1 when not, 78 for bad settings. */
import { createLogger, settingsOrExit } from "@lianmai/process";
import { reconcile } from "./reconcile.ts";

const settings = settingsOrExit();
const logger = createLogger({ process: "reconcile", level: "silent" });
const { differences, transfers, delivered, skipped } = await reconcile(settings, { logger, nowMs: Date.now() });
for (const { name, what } of differences) process.stdout.write(`${name}: ${what}\n`);
for (const part of skipped) process.stdout.write(`not compared: ${part}\n`);
const result = differences.length === 0 ? "agree" : `have ${differences.length} differences`;
process.stdout.write(`${transfers} transfers, ${delivered} log entries: ledger, archive and room log ${result}\n`);
process.exit(differences.length === 0 ? 0 : 1);
