import { existsSync } from "node:fs";
import { join } from "node:path";
import { connectRedis, type Logger, type Settings } from "@lianmai/process";
import { type Database, openDatabase } from "../../storage/database.ts";
import { ledgerPath } from "../ledger/open-ledger.ts";
import { checkArchive } from "./check-archive.ts";
import { checkHotLog } from "./check-hot-log.ts";
import { checkLedger, type Difference } from "./check-ledger.ts";

/** What a reconciliation found. */
export interface Reconciliation {
  readonly differences: readonly Difference[];
  readonly transfers: number;
  readonly delivered: number;
  /** Parts that could not be looked at, and why. */
  readonly skipped: readonly string[];
}

const CONNECT_BUDGET_MS = 3_000;

/** Compares the ledger with itself, with the archive and with the log in Redis. The service may be running. */
export async function reconcile(
  settings: Pick<Settings, "DATA_DIR" | "REDIS_URL" | "REDIS_PORT">,
  options: { readonly logger: Logger; readonly nowMs: number },
): Promise<Reconciliation> {
  const path = ledgerPath(settings.DATA_DIR);
  if (!existsSync(path)) return { differences: [], transfers: 0, delivered: 0, skipped: ["there is no ledger yet"] };
  const database = openDatabase(path);
  const archivePath = join(settings.DATA_DIR, "archive.sqlite");
  const skipped: string[] = [];
  const redis = connectRedis(settings.REDIS_URL || `redis://127.0.0.1:${settings.REDIS_PORT}`, {
    logger: options.logger,
    role: "commands",
  });
  try {
    // the log first: what it has, the ledger has had before
    const isThere = await answers(() => redis.ping());
    const hot = isThere ? await checkHotLog(database, redis) : [];
    if (!isThere) skipped.push("redis is away: the log in it was not compared");
    const hasArchive = existsSync(archivePath);
    const archived = hasArchive ? checkArchive(database, { archivePath, nowMs: options.nowMs }) : [];
    if (!hasArchive) skipped.push("there is no archive yet");
    const count = (sql: string) => Number(database.get(sql)?.["count"]);
    return {
      differences: [...hot, ...archived, ...inOneView(database, () => checkLedger(database))],
      transfers: count("SELECT count(*) AS count FROM transfers"),
      delivered: count("SELECT count(*) AS count FROM outbox WHERE state = 'delivered'"),
      skipped,
    };
  } finally {
    redis.disconnect();
    database.close();
  }
}

/** Whether Redis answers within its budget. */
async function answers(ping: () => Promise<unknown>): Promise<boolean> {
  const deadlineMs = performance.now() + CONNECT_BUDGET_MS;
  for (;;) {
    const isThere = await ping().then(
      () => true,
      () => false,
    );
    if (isThere || performance.now() > deadlineMs) return isThere;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Runs queries on one snapshot, without holding up the writer. */
function inOneView<Result>(database: Database, work: () => Result): Result {
  database.script("BEGIN");
  try {
    return work();
  } finally {
    database.script("COMMIT");
  }
}
