/**
 * The room's delivery: one edge process with thousands of receivers, beside Socket.IO with its redis-streams adapter
 * and, where it is installed, nginx with nchan (Debian: libnginx-mod-nchan), in one run on one machine.
 * `npm run bench -- chat [busy|rates|quiet|idle|storm ...] [--receivers 5000 --rate 100 --seconds 60 ...]`
 */
import type { System } from "./chat/dialects.ts";
import { Load, type Run } from "./chat/load.ts";
import { hasNchan, type Server, startServer } from "./chat/servers.ts";
import { readMetric } from "./metrics.ts";
import { residentBytes } from "./process-figures.ts";
import { percentile, printRows, readOptions } from "./report.ts";

const PARTS = ["idle", "quiet", "rates", "busy", "storm"] as const;
type Part = (typeof PARTS)[number];
const DEFAULTS = { receivers: 5_000, rate: 100, seconds: 60, quietReceivers: 1_000, quietRate: 20, quietSeconds: 10 };
type Options = typeof DEFAULTS;
type Row = readonly [string, string];

/** A rate is sustained while nothing is lost and this holds. */
const SUSTAINED_P99_MS = 1_000;
const RATE_SECONDS = 5;
/** Where the search for the highest rate begins, and how far it goes. */
const FIRST_RATES: Readonly<Record<System, number>> = { lianmai: 128, "socket.io": 8, nchan: 16 };
const LEAST_RATE = 1;
/** Steps of the first search and of the second. */
const ROUNDS = [6, 3] as const;
/** The search ends when what is too much is less than so many times what is sustained. */
const NARROW = 1.2;
const WARM_UP_SECONDS = 3;
/** The quiet room is warmed up faster: what is measured is what compilers have done with, at each. */
const QUIET_WARM_UP = 5;
const DRAIN_BUDGET_MS = 20_000;
const IDLE_SLOPE = [2_000, 14_000] as const;
const TARGET = { cores: 0.6, quiet: 0.75, idleKib: 11, overSocketIo: 10, overNchan: 3, stormMs: 5_000 };

/** Runs the benchmark and prints its figures. */
export async function benchChat(args: readonly string[]): Promise<void> {
  const named = args.filter((arg): arg is Part => PARTS.includes(arg as Part));
  const options = readOptions(
    args.filter((arg) => !PARTS.includes(arg as Part)),
    DEFAULTS,
  );
  const rows: Row[] = [];
  for (const part of named.length > 0 ? named : PARTS) {
    process.stderr.write(`${part} ...\n`);
    rows.push(...(await MEASURES[part](options)));
  }
  if (!hasNchan()) rows.push(["nchan", "not compared: not installed (Debian: nginx, libnginx-mod-nchan)"]);
  printRows(`chat: ${options.receivers} receivers in one room of one process`, rows);
}

const MEASURES: Readonly<Record<Part, (options: Options) => Promise<Row[]>>> = {
  idle: measureIdle,
  quiet: measureQuiet,
  rates: measureRates,
  busy: measureBusy,
  storm: measureStorm,
};

const systems = (): readonly System[] => ["lianmai", "socket.io", ...(hasNchan() ? (["nchan"] as const) : [])];
const mark = (isMet: boolean): string => (isMet ? "met" : "MISSED");

async function measureBusy({ receivers, rate, seconds }: Options): Promise<Row[]> {
  const run = await withLoad("lianmai", async (load) => {
    await load.add(receivers);
    await load.openPublishers(rate);
    await load.run(rate, 2);
    return load.run(rate, seconds);
  });
  const isMet = run.serverCores <= TARGET.cores && run.lost === 0 && run.doubled === 0 && run.refused === 0;
  return [
    [`busy: ${receivers} x ${rate}/s, ${seconds} s`, describe(run)],
    [`  nothing lost, <= ${TARGET.cores} core`, mark(isMet)],
  ];
}

/** The search twice at each, in turn; the second begins where the first has ended. */
async function measureRates({ receivers }: Options): Promise<Row[]> {
  const found = new Map<System, Run>();
  for (const maxSteps of ROUNDS) {
    for (const system of systems()) {
      const first = found.get(system)?.rate ?? FIRST_RATES[system];
      const run = await withLoad(system, (load) => highestRate(load, { receivers, first, maxSteps }));
      if (run && run.rate >= (found.get(system)?.rate ?? 0)) found.set(system, run);
    }
  }
  const rows: Row[] = systems().flatMap((system) => {
    const run = found.get(system);
    return run ? sustainedRows(system, run) : [[`sustained: ${system}`, `not even ${LEAST_RATE}/s`] as const];
  });
  const ratio = (system: System, target: number): Row => {
    const times = (found.get("lianmai")?.rate ?? Number.NaN) / (found.get(system)?.rate ?? Number.NaN);
    return [`  >= ${target}x ${system}`, `${times.toFixed(1)}x, ${mark(times >= target)}`];
  };
  rows.push(ratio("socket.io", TARGET.overSocketIo));
  if (hasNchan()) rows.push(ratio("nchan", TARGET.overNchan));
  return rows;
}

const sustainedRows = (system: System, run: Run): Row[] => [
  [`sustained: ${system}`, `${run.rate}/s; ${describe(run)}`],
  [`  a whole core of its server`, `${(run.rate / run.serverCores).toFixed(0)}/s by its CPU`],
];

/** Finds the highest rate that is sustained: doubles or halves `first`, then narrows down; answers that run. */
async function highestRate(
  load: Load,
  { receivers, first, maxSteps }: { readonly receivers: number; readonly first: number; readonly maxSteps: number },
): Promise<Run | undefined> {
  await load.add(receivers);
  await load.openPublishers(first);
  await load.run(first, WARM_UP_SECONDS);
  let best: Run | undefined;
  let tooHigh: number | undefined;
  for (let rate = first, step = 0; step < maxSteps && rate >= LEAST_RATE; step += 1) {
    const run = await sustained(load, rate);
    if (run) best = run;
    else tooHigh = rate;
    rate = nextRate(best?.rate, tooHigh);
    if (best && tooHigh && (tooHigh / best.rate <= NARROW || rate === best.rate || rate === tooHigh)) break;
  }
  return best;
}

/** Up or down by half while only one side is known, else between the two. */
function nextRate(best: number | undefined, tooHigh: number | undefined): number {
  if (best === undefined) return Math.floor((tooHigh ?? 0) / 2);
  return tooHigh === undefined ? best * 2 : Math.round(Math.sqrt(best * tooHigh));
}

/** A rate that fails is tried once more, as the machine may have been busy with something else. */
async function sustained(load: Load, rate: number): Promise<Run | undefined> {
  await load.openPublishers(rate);
  for (const _ of [1, 2]) {
    const run = await load.run(rate, RATE_SECONDS);
    process.stderr.write(`  ${load.server.system} ${rate}/s: ${describe(run)}\n`);
    if (run.lost === 0 && run.refused === 0 && run.p99Ms <= SUSTAINED_P99_MS) return run;
    // what is left of it must not be in the way of the next
    await load.drained(DRAIN_BUDGET_MS);
  }
  return undefined;
}

/** The same quiet room at each, in turn, three times. */
async function measureQuiet({ quietReceivers, quietRate, quietSeconds }: Options): Promise<Row[]> {
  const loads: Load[] = [];
  const runs = new Map<System, Run[]>();
  try {
    for (const system of systems()) {
      const load = await Load.start(await startServer(system));
      loads.push(load);
      await load.add(quietReceivers);
      await load.openPublishers(quietRate * QUIET_WARM_UP);
      await load.run(quietRate * QUIET_WARM_UP, WARM_UP_SECONDS);
      await load.openPublishers(quietRate);
    }
    for (const load of [...loads, ...loads, ...loads]) {
      const run = await load.run(quietRate, quietSeconds);
      runs.set(load.server.system, [...(runs.get(load.server.system) ?? []), run]);
    }
  } finally {
    for (const load of loads) await end(load);
  }
  const micros = (system: System) => {
    const all = runs.get(system) ?? [];
    return all.reduce((sum, run) => sum + run.microsPerDelivery, 0) / all.length;
  };
  const ratio = micros("lianmai") / micros("socket.io");
  return [
    ...[...runs].map(
      ([system, all]): Row => [`quiet: ${system}, ${quietReceivers} x ${quietRate}/s`, all.map(describe).join(" | ")],
    ),
    [`  <= ${TARGET.quiet}x socket.io's CPU per delivery`, `${ratio.toFixed(2)}x, ${mark(ratio <= TARGET.quiet)}`],
  ];
}

async function measureIdle(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const system of systems()) {
    const kib = await withLoad(system, async (load) => {
      const [few, many] = IDLE_SLOPE;
      await load.add(few);
      await load.server.collect();
      const before = residentBytes(load.server.pid);
      await load.add(many - few);
      await load.server.collect();
      return (residentBytes(load.server.pid) - before) / (many - few) / 1_024;
    });
    const isMet = system === "lianmai" ? `, <= ${TARGET.idleKib}: ${mark(kib <= TARGET.idleKib)}` : "";
    rows.push([`memory of an idle connection: ${system}`, `${kib.toFixed(1)} KiB${isMet}`]);
  }
  return rows;
}

/** All lose their connection at once while people talk; nobody may miss anything, and the archive is not asked. */
async function measureStorm({ receivers, rate }: Options): Promise<Row[]> {
  const { backMs, run, reads } = await withLoad("lianmai", async (load) => {
    await load.add(receivers);
    await load.openPublishers(rate / 5);
    await load.run(rate / 5, 2);
    const readsBefore = await archiveReads(load.server);
    const dropped = await load.dropAll(rate / 5, 10);
    return { ...dropped, reads: (await archiveReads(load.server)) - readsBefore };
  });
  const slowest = Math.max(...backMs);
  const isMet = slowest <= TARGET.stormMs && run.lost === 0 && run.doubled === 0;
  return [
    [
      `storm: ${receivers} dropped at once, ${rate / 5}/s`,
      `back p50 ${percentile(backMs, 0.5).toFixed(0)} max ${slowest.toFixed(0)} ms; lost ${run.lost}, doubled ${run.doubled}; ${reads} archive reads`,
    ],
    [`  all back <= ${TARGET.stormMs} ms, nothing lost`, mark(isMet)],
  ];
}

/** Reads of the archive so far, whatever for. */
async function archiveReads({ port }: Server): Promise<number> {
  const samples = await readMetric(`http://127.0.0.1:${port}`, "lianmai_edge_room_archive_reads_total");
  return samples.reduce((sum, value) => sum + value, 0);
}

async function withLoad<Result>(system: System, work: (load: Load) => Promise<Result>): Promise<Result> {
  const load = await Load.start(await startServer(system));
  try {
    return await work(load);
  } finally {
    await end(load);
  }
}

async function end(load: Load): Promise<void> {
  load.stop();
  await load.server.stop();
}

function describe(run: Run): string {
  const cores = `server ${run.serverCores.toFixed(2)} core, redis ${run.redisCores.toFixed(2)}, receivers ${run.clientCores.toFixed(2)}`;
  const came = `lost ${run.lost}, doubled ${run.doubled}, refused ${run.refused}`;
  const wait = `p50 ${run.p50Ms.toFixed(0)} p99 ${run.p99Ms.toFixed(0)} ms`;
  return `${came}; ${wait}; ${cores}, ${run.microsPerDelivery.toFixed(2)} us per delivery`;
}
