/**
 * Hostile RTMP connections and malformed HTTP requests at once, while a show runs.
 * `npm run torture -- hostile --connections 10000 --requests 10000`
 */
import { readMetric } from "@lianmai/bench/metrics";
import { printRows, readOptions } from "@lianmai/bench/report";
import { until } from "@lianmai/e2e/browser";
import { attackRtmp, rtmpAttacks } from "@lianmai/ingest/testing/attacks";
import { below, type Random, randomFrom } from "@lianmai/process/testing/seeded-random";
import { type Judgement, judge, seams } from "./judge-recording.ts";
import { malformedRequest, send, type Target } from "./malformed-requests.ts";
import { MEASURED, type Memory, measurable, measureMemory } from "./memory.ts";
import { RUNG, SHOW_FPS, type Show, startShow } from "./show.ts";
import { longestStillMs } from "./viewer.ts";

const AT_ONCE = 16;
const CALM_MS = 4_000;
const SETTLE_BUDGET_MS = 120_000;
const MIB = 1_048_576;
/** Held memory may differ by this: parts of a program in bursts, statistics. */
export const HELD_BOUND_BYTES = 16 * MIB;

type MemoryOf = Readonly<Record<(typeof MEASURED)[number], Memory>>;

export interface HostileReport {
  readonly connections: number;
  readonly statuses: ReadonlyMap<number, number>;
  /** Answers that were no 4xx with a code. */
  readonly faults: readonly string[];
  readonly before: MemoryOf;
  readonly after: MemoryOf;
  /** Processes that are not those of the beginning. */
  readonly died: readonly string[];
  readonly judgement: Judgement;
  readonly stillMs: number;
  readonly sameDocument: boolean;
}

interface Attackers {
  rtmp(count: number): Promise<void>;
  http(count: number): Promise<void>;
}

/** Runs one show through `connections` and `requests`, both at once. */
export async function runHostile(count: {
  readonly connections: number;
  readonly requests: number;
  readonly seed: number;
}): Promise<HostileReport> {
  const show = await startShow({
    ...{ slug: "hostile", takeover: "refuse" },
    env: { ...measurable(), TRUST_PROXY: "true" },
  });
  try {
    const random = randomFrom(count.seed);
    const statuses = new Map<number, number>();
    const faults: string[] = [];
    const attackers = await arm(show, { random, statuses, faults });
    const pids = await processIds(show);
    // The first round fills caches and pools; what the rest adds is what counts.
    await Promise.all([
      attackers.rtmp(Math.ceil(count.connections / 20)),
      attackers.http(Math.ceil(count.requests / 10)),
    ]);
    await settled(show);
    const before = await measureMemory(show.stack);
    statuses.clear();
    const recorder = await show.record();
    const startedMs = Date.now();
    await Promise.all([attackers.rtmp(count.connections), attackers.http(count.requests)]);
    await sleep(CALM_MS);
    const shown = await show.viewer.shown(startedMs);
    const stillMs = longestStillMs(shown, startedMs, Date.now());
    const judgement = judge(await recorder.stop(), { fps: SHOW_FPS });
    await settled(show);
    const after = await measureMemory(show.stack);
    const pidsAfter = await processIds(show);
    return {
      ...{ connections: count.connections, statuses, faults, before, after, judgement, stillMs },
      died: MEASURED.filter((name) => pids[name] !== pidsAfter[name]),
      sameDocument: await show.viewer.sameDocument(),
    };
  } finally {
    await show.close();
  }
}

async function arm(
  show: Show,
  state: { readonly random: Random; readonly statuses: Map<number, number>; readonly faults: string[] },
): Promise<Attackers> {
  const { random, statuses, faults } = state;
  const { key: evil } = await show.stack.room("evil", { graceMs: 5_000, takeover: "newest" });
  const attacks = Object.values(rtmpAttacks({ show: show.key, evil }));
  const { live } = await show.room();
  const target: Target = {
    ...{ slug: "hostile", programId: live?.programId ?? "", rung: RUNG, token: show.stack.token },
  };
  const shoot = async () => {
    const from = `10.${below(random, 256)}.${below(random, 256)}.${below(random, 256)}`;
    const shot = malformedRequest(random, target);
    const { status, fault } = await send(show.stack.url, shot, from).catch((error: unknown) => ({
      status: 0,
      fault: `${shot.method} ${shot.path.slice(0, 120)}: ${error}`,
    }));
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (fault !== "") faults.push(fault);
  };
  return {
    rtmp: (count) =>
      atOnce(count, async (index) => {
        const attack = attacks[index % attacks.length];
        if (attack) await attackRtmp(attack, { port: show.stack.ports.rtmp, random });
      }),
    http: (count) => atOnce(count, shoot),
  };
}

/** `count` times `work`, {@link AT_ONCE} at a time. */
async function atOnce(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** Waits until only the show is left: one connection, one program. */
async function settled(show: Show): Promise<void> {
  const { ports } = show.stack;
  const read = async () => [
    ...(await readMetric(`http://127.0.0.1:${ports.ingest}`, "lianmai_ingest_connections")),
    ...(await readMetric(`http://127.0.0.1:${ports.transcode}`, "lianmai_programs")),
  ];
  const alone = (values: readonly number[]) => values.length === 2 && values.every((value) => value === 1);
  await until("only the show is left", read, alone, { budgetMs: SETTLE_BUDGET_MS });
  await sleep(CALM_MS);
}

async function processIds(show: Show): Promise<Readonly<Record<string, string>>> {
  const entries = MEASURED.map(async (name) => [name, (await show.stack.pids(name)).join(" ")] as const);
  return Object.fromEntries(await Promise.all(entries));
}

/** Processes that hold more than they did, by how much. */
export function grown({ before, after }: Pick<HostileReport, "before" | "after">): readonly string[] {
  return MEASURED.filter((name) => after[name].heldBytes - before[name].heldBytes > HELD_BOUND_BYTES).map(
    (name) => `${name} +${mib(after[name].heldBytes - before[name].heldBytes)}`,
  );
}

const mib = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs and prints; true when the show went on, memory came back and each answer was a 4xx with a code. */
export async function tortureHostile(args: readonly string[]): Promise<boolean> {
  const { connections, requests, seed } = readOptions(args, {
    connections: 10_000,
    requests: 10_000,
    seed: 20_261_124,
  });
  const report = await runHostile({ connections, requests, seed });
  const { judgement, faults, statuses, before, after, died } = report;
  const found = seams(judgement);
  const text = [...statuses].sort(([a], [b]) => a - b).map(([status, times]) => `${status}: ${times}`);
  printRows(`hostile: ${connections} connections and ${requests} requests at once, seed ${seed}`, [
    ["answers", text.join(", ")],
    [
      "answers that are no 4xx with a code",
      faults.length === 0 ? "none" : `${faults.length}: ${[...new Set(faults)].slice(0, 6).join("; ")}`,
    ],
    ...MEASURED.map(
      (name) =>
        [
          `${name}: held, resident`,
          `${mib(before[name].heldBytes)} -> ${mib(after[name].heldBytes)}, ` +
            `${mib(before[name].residentBytes)} -> ${mib(after[name].residentBytes)}`,
        ] as const,
    ),
    ["processes that died", died.join(" ") || "none"],
    [
      "recorded",
      `${judgement.segments} segments, ${judgement.pictures.length} pictures, ${judgement.leftOut} left out by the encoder`,
    ],
    ["seams of the show", found.length === 0 ? "none" : found.slice(0, 5).join("; ")],
    ["viewer stood still at most", `${Math.round(report.stillMs)} ms`],
  ]);
  return found.length + faults.length + died.length + grown(report).length === 0 && report.sameDocument;
}
