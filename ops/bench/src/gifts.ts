/**
 * How many durable gifts a second the ledger takes, and how long each waits for its receipt; beside it, the same
 * writes with one transaction per gift. Gifts are offered at a fixed rate, whether or not earlier ones are answered.
 * `npm run bench -- gifts --rate 2500 --seconds 20 --users 500 --rooms 20`
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createApply } from "@lianmai/edge/gifts/apply";
import { checkLedger } from "@lianmai/edge/gifts/check-ledger";
import type { Command, Outcome } from "@lianmai/edge/gifts/commands";
import { startLedger } from "@lianmai/edge/gifts/ledger";
import { ledgerPath, openLedger } from "@lianmai/edge/gifts/open-ledger";
import { createLogger, createMetrics, systemClock } from "@lianmai/process";
import { percentile, printRows, readOptions } from "./report.ts";

const RULES = {
  hostPercent: 70,
  caps: { perSend: 0, perDay: 0, perMonth: 0 },
  comboWindowMs: 5_000,
  timeZone: "UTC",
};
const COINS = 10_000_000;
const TICK_MS = 2;
const WARM_UP = 50;
const TARGET = { perSecond: 2_000, p99Ms: 40 };

interface Options {
  readonly rate: number;
  readonly seconds: number;
  readonly users: number;
  readonly rooms: number;
}

/** Runs the benchmark and prints its figures. */
export async function benchGifts(args: readonly string[]): Promise<void> {
  const options = readOptions(args, { rate: 2_500, seconds: 20, users: 500, rooms: 20 });
  const grouped = await withDirectory((dataDir) => measureLedger(dataDir, options));
  const single = await withDirectory((dataDir) => measureSingle(dataDir, options));
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => percentile(grouped.waitsMs, share));
  const perSecond = grouped.waitsMs.length / grouped.seconds;
  const meets = perSecond >= TARGET.perSecond && (p99 ?? Number.NaN) <= TARGET.p99Ms && grouped.refused === 0;
  printRows(
    `gifts: ${options.rate}/s offered for ${options.seconds} s, ${options.users} users, ${options.rooms} rooms`,
    [
      ["durable gifts", `${perSecond.toFixed(0)} per second, ${grouped.refused} refused`],
      ["wait for the receipt", `p50 ${p50?.toFixed(1)} p95 ${p95?.toFixed(1)} p99 ${p99?.toFixed(1)} ms`],
      ["CPU of the whole process", `${grouped.cores.toFixed(2)} core`],
      ["ledger afterwards", grouped.differences === 0 ? "agrees with itself" : `${grouped.differences} DIFFERENCES`],
      ["one transaction per gift", `${single.perSecond.toFixed(0)} per second, ${single.cores.toFixed(2)} core`],
      ["ratio", `${(perSecond / single.perSecond).toFixed(1)}x`],
      [`>= ${TARGET.perSecond} per second, p99 <= ${TARGET.p99Ms} ms`, meets ? "met" : "MISSED"],
    ],
  );
}

async function measureLedger(dataDir: string, options: Options) {
  const logger = createLogger({ process: "bench", level: "error" });
  const ledger = await startLedger({ dataDir, rules: RULES, logger, metrics: createMetrics("bench") });
  const waitsMs: number[] = [];
  let refused = 0;
  const send = async (number: number) => {
    const startedMs = performance.now();
    const outcome: Outcome = await ledger.submit(gift(number, options));
    if (outcome.ok) waitsMs.push(performance.now() - startedMs);
    else refused += 1;
  };
  await Promise.all(grants(options).map((command) => ledger.submit(command)));
  for (let at = 0; at < WARM_UP; at += 1) await send(-1 - at);
  waitsMs.length = 0;
  const [startedMs, cpu] = [performance.now(), process.cpuUsage()];
  const underWay: Promise<void>[] = [];
  for (let sent = 0; performance.now() - startedMs < options.seconds * 1_000; ) {
    const due = Math.floor(((performance.now() - startedMs) / 1_000) * options.rate);
    for (; sent < due; sent += 1) underWay.push(send(sent));
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  await Promise.all(underWay);
  const seconds = (performance.now() - startedMs) / 1_000;
  const cores = coresSince(cpu, seconds);
  await ledger.stop();
  const database = openLedger(ledgerPath(dataDir));
  const differences = checkLedger(database).length;
  database.close();
  return { waitsMs, refused, seconds, cores, differences };
}

/** The same rows, each gift committed by itself. */
async function measureSingle(dataDir: string, options: Options) {
  const database = openLedger(ledgerPath(dataDir));
  const apply = createApply(database, { rules: RULES, clock: systemClock });
  const gifts = [{ id: "rose", nameEn: "Rose", nameZh: "玫瑰", price: 5, art: "rose" as const, combo: true }];
  database.transaction(() => {
    apply({ kind: "catalogue", askedBy: "bench", replaces: 0, gifts });
    for (const command of grants(options)) apply(command);
  });
  const seconds = Math.max(2, options.seconds / 4);
  const [startedMs, cpu] = [performance.now(), process.cpuUsage()];
  let count = 0;
  while (performance.now() - startedMs < seconds * 1_000) {
    database.transaction(() => apply(gift(count, options)));
    count += 1;
  }
  const tookSeconds = (performance.now() - startedMs) / 1_000;
  database.close();
  return { perSecond: count / tookSeconds, cores: coresSince(cpu, tookSeconds) };
}

const coresSince = (before: NodeJS.CpuUsage, seconds: number): number => {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6 / seconds;
};

const person = (number: number) => ({ id: `user-${number}`, name: `User ${number}`, role: "viewer" as const });

const grants = ({ users }: Options): Command[] =>
  Array.from({ length: users }, (_, number) => ({
    ...{
      kind: "grant",
      cid: `grant-number-${number}`,
      askedBy: "bench",
      user: person(number),
      amount: COINS,
      note: "",
    },
  }));

function gift(number: number, { users, rooms }: Options): Command {
  const room = Math.abs(number) % rooms;
  return {
    ...{ kind: "gift", cid: `gift-number-${number}`, sender: person(Math.abs(number) % users), giftId: "rose" },
    room: { id: `room-${room}`, slug: `room-${room}`, hostId: `host-${room}`, programId: `program-${room}` },
    recipient: null,
    ...{ quantity: 1 + (Math.abs(number) % 3), unitPrice: 5, final: false, mediaMs: null },
  };
}

async function withDirectory<Result>(work: (dataDir: string) => Promise<Result>): Promise<Result> {
  const dataDir = await mkdtemp(join(tmpdir(), "lianmai-bench-"));
  try {
    return await work(dataDir);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}
