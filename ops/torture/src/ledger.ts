/**
 * Random gifts, refunds, paid messages and retries from many users while the process that holds the ledger is killed
 * with kill -9 at random moments, among them between the commit of a gift and its way into the room's log, and Redis
 * is killed and comes back without its last second. Then ledger, archive and log must agree to the coin.
 * `npm run torture -- ledger --gifts 100000 --seed 1 --kills 60 --redis 8`
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { printRows, readOptions } from "@lianmai/bench/report";
import type { Command, Outcome, Receipt } from "@lianmai/edge/gifts/commands";
import { ledgerPath, openLedger } from "@lianmai/edge/gifts/open-ledger";
import { reconcile } from "@lianmai/edge/gifts/reconcile";
import { createLogger } from "@lianmai/process";
import { below, type Random, randomFrom } from "@lianmai/process/testing/seeded-random";
import { startOwnRedis } from "./killable-redis.ts";
import type { GiverNews, GiverOrder } from "./ledger-giver.ts";
import { planCommands } from "./ledger-plan.ts";

const UNDER_WAY = 400;
/** Generous: on a busy machine an answer waits for the machine, not for the ledger. */
const ANSWER_BUDGET_MS = 180_000;
const DRAIN_BUDGET_MS = 600_000;

/** What a run showed. */
export interface LedgerRun {
  readonly commands: number;
  readonly moved: number;
  readonly repeats: number;
  readonly kills: number;
  readonly redisKills: number;
  /** Receipts that were given and are not in the ledger as given, and answers that changed. */
  readonly broken: readonly string[];
  readonly differences: readonly string[];
}

/** Runs it and prints what was seen; true when nothing was lost or doubled. */
export async function tortureLedger(args: readonly string[]): Promise<boolean> {
  const options = readOptions(args, { gifts: 100_000, seed: 1, kills: 60, redis: 8 });
  const run = await runLedger(options);
  const isClean = run.broken.length === 0 && run.differences.length === 0;
  printRows(`ledger: seed ${options.seed}`, [
    ["commands asked for", run.commands],
    ["transfers made", run.moved],
    ["answered again under the same id", run.repeats],
    ["kill -9 of the ledger's process", run.kills],
    ["kill -9 of Redis", run.redisKills],
    ["broken receipts", run.broken.length],
    ["differences of the reconciliation", run.differences.length],
    ["result", isClean ? "nothing lost, nothing doubled" : "BROKEN"],
  ]);
  for (const line of [...run.broken, ...run.differences].slice(0, 20)) process.stdout.write(`  ${line}\n`);
  return isClean;
}

/** One run; `gifts` counts all commands. */
export async function runLedger(options: {
  readonly gifts: number;
  readonly seed: number;
  readonly kills: number;
  readonly redis: number;
}): Promise<LedgerRun> {
  const random = randomFrom(options.seed);
  const dataDir = await mkdtemp(join(tmpdir(), "lianmai-torture-"));
  const redis = await startOwnRedis(dataDir);
  const giver = createGiver(dataDir, redis.url);
  try {
    const plan = planCommands(random, options.gifts);
    const faults = planFaults(random, options);
    const result = await giveAll(plan, { giver, redis, faults, random });
    await giver.drained();
    await giver.stop();
    return { ...result, differences: await compare(dataDir, redis.url), redisKills: redis.kills() };
  } finally {
    await giver.stop();
    await redis.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** At which answer what is killed. */
function planFaults(random: Random, options: { gifts: number; kills: number; redis: number }) {
  const faults = new Map<number, "giver" | "redis">();
  for (let count = 0; count < options.kills; count += 1) faults.set(below(random, options.gifts), "giver");
  for (let count = 0; count < options.redis; count += 1) faults.set(below(random, options.gifts), "redis");
  return faults;
}

type Giver = ReturnType<typeof createGiver>;

async function giveAll(
  plan: ReturnType<typeof planCommands>,
  parts: {
    readonly giver: Giver;
    readonly redis: Awaited<ReturnType<typeof startOwnRedis>>;
    readonly faults: ReadonlyMap<number, "giver" | "redis">;
    readonly random: Random;
  },
) {
  const { giver, redis, faults } = parts;
  const receipts = new Map<string, string>();
  const broken: string[] = [];
  let [commands, moved, repeats, kills, answered] = [0, 0, 0, 0, 0];
  const note = (command: Command, outcome: Outcome) => {
    if (!outcome.ok || !outcome.receipt || !("cid" in command)) return;
    const { tx, repeated } = outcome.receipt;
    const key = `${"sender" in command ? command.sender.id : command.askedBy} ${command.cid}`;
    const wrong = whatIsWrong(receipts.get(key), outcome.receipt);
    if (wrong !== undefined) broken.push(`${key} ${wrong}`);
    receipts.set(key, tx);
    if (repeated) repeats += 1;
    else moved += 1;
    plan.told(command, tx);
  };
  const one = async () => {
    for (let command = plan.next(); command !== undefined; command = plan.next()) {
      commands += 1;
      note(command, await giver.ask(command));
      answered += 1;
      const fault = faults.get(answered);
      if (fault === "giver") {
        kills += 1;
        await giver.kill();
      } else if (fault === "redis") await redis.kill();
    }
  };
  await Promise.all(Array.from({ length: UNDER_WAY }, one));
  return { commands, moved, repeats, kills, broken };
}

/** What a receipt may not say after the one before under the same id. */
function whatIsWrong(before: string | undefined, receipt: Receipt): string | undefined {
  if (before === undefined) return undefined;
  if (before !== receipt.tx) return `got ${before}, then ${receipt.tx}`;
  return receipt.repeated ? undefined : "moved twice";
}

async function compare(dataDir: string, redisUrl: string): Promise<string[]> {
  const settings = { DATA_DIR: dataDir, REDIS_URL: redisUrl, REDIS_PORT: 0 };
  const logger = createLogger({ process: "torture", level: "silent" });
  const { differences, skipped } = await reconcile(settings, { logger, nowMs: Date.now() });
  const database = openLedger(ledgerPath(dataDir));
  const waiting = Number(database.get("SELECT count(*) AS count FROM outbox WHERE state = 'waiting'")?.["count"]);
  database.close();
  return [
    ...differences.map(({ name, what }) => `${name}: ${what}`),
    ...skipped,
    ...(waiting > 0 ? [`${waiting} rows still wait`] : []),
  ];
}

/** The process with the ledger: what it owes when it is killed is asked again of the next, under the same ids. */
function createGiver(dataDir: string, redisUrl: string) {
  const pending = new Map<number, { readonly order: GiverOrder; readonly answer: (outcome: Outcome) => void }>();
  let child: ChildProcess | undefined;
  let backlog = Number.POSITIVE_INFINITY;
  let ready: Promise<void>;
  let nextNumber = 0;
  const hear = (news: GiverNews) => {
    if (news.kind === "backlog") backlog = news.rows;
    if (news.kind !== "outcome") return;
    const asked = pending.get(news.number);
    // not known whether it was written: asked again, as a client does
    if (asked && !news.outcome.ok && news.outcome.code.startsWith("ledger-")) {
      setTimeout(() => child?.connected && child.send([asked.order]), 20);
      return;
    }
    pending.delete(news.number);
    asked?.answer(news.outcome);
  };
  const start = () => {
    const started = fork(join(import.meta.dirname, "ledger-giver.ts"), [dataDir, redisUrl]);
    const isReady = Promise.withResolvers<void>();
    child = started;
    backlog = Number.POSITIVE_INFINITY;
    started.on("message", (news: GiverNews) => {
      if (child !== started) return;
      if (news.kind === "ready") isReady.resolve();
      else hear(news);
    });
    ready = isReady.promise.then(() => void started.send([...pending.values()].map(({ order }) => order)));
  };
  const end = async () => {
    const ending = child;
    child = undefined;
    if (!ending || ending.exitCode !== null || ending.signalCode !== null) return;
    const gone = once(ending, "exit");
    ending.kill("SIGKILL");
    await gone;
  };
  start();
  // two kills at once are two kills one after the other: a second child beside the first would never get the lease
  let killing = Promise.resolve();
  const kill = async () => {
    await end();
    start();
  };
  return {
    async ask(command: Command): Promise<Outcome> {
      const number = nextNumber++;
      const { promise, resolve } = Promise.withResolvers<Outcome>();
      const order = { number, command };
      pending.set(number, { order, answer: resolve });
      void ready.then(() => child?.connected && pending.has(number) && child.send([order]));
      const late = setTimeout(() => {
        throw new Error(`no answer to ${JSON.stringify(command)}`);
      }, ANSWER_BUDGET_MS);
      return await promise.finally(() => clearTimeout(late));
    },
    kill() {
      killing = killing.then(kill);
      return killing;
    },
    async drained() {
      const deadlineMs = performance.now() + DRAIN_BUDGET_MS;
      backlog = Number.POSITIVE_INFINITY;
      while (backlog > 0 && performance.now() < deadlineMs) await sleep(200);
      // combos end by the clock and are told then
      await sleep(1_500);
      while (backlog > 0 && performance.now() < deadlineMs) await sleep(200);
    },
    stop: end,
  };
}
