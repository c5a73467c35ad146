/**
 * Malformed, oversized, too fast and forged frames, requests and uploads against the whole service, while two pairs of
 * people talk as if nothing were.
 * `npm run torture -- frames --shots 10000 --rate 50 --seed 1`
 */
import { readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { percentile, printRows, readOptions } from "@lianmai/bench/report";
import { type Stack, startStack } from "@lianmai/e2e/stack";
import type { Scene } from "./frames/bad-frames.ts";
import { makeSamples, type Samples } from "./frames/bad-uploads.ts";
import { watchCores } from "./frames/busy-cores.ts";
import type { CalmReport } from "./frames/calm-pair.ts";
import { readDocumentedCodes } from "./frames/documented-codes.ts";
import { type RunningPair, startCalmPair } from "./frames/start-calm-pair.ts";
import { Verdicts } from "./frames/verdicts.ts";
import { type Armoury, fireVolley } from "./frames/volleys.ts";
import { MEASURED, type Memory, measurable, measureMemory, residentWithoutPools } from "./memory.ts";

const AT_ONCE = 16;
const ATTACKERS = 16;
/** Where the attackers are, and where they are not. */
const ROOMS = ["target", "elsewhere"] as const;
const PASSWORD = "torture only";
const CALM_MS = 6_000;
/** Shots before anything is measured. */
const WARM_SHOTS = 400;
/** Connections that were left are closed, and what was rate-limited is forgotten, by then. */
const SETTLE_MS = 8_000;
const MIB = 1_048_576;
/** Heap and buffers may differ by this: statistics, rate limits of the last minute, entries kept in memory. */
const HELD_BOUND_BYTES = 16 * MIB;
/**
 * What the system gave, without V8's pools of empty pages, may differ by this: pages of the heap that garbage left in
 * pieces, and what glibc keeps of the bodies of uploads. With the pools the bound is above the most that the process
 * had before the second half of the attack: V8 gives pools back when it sees fit, and a half needs them as high as the
 * one before it.
 */
const RESIDENT_BOUND_BYTES = 48 * MIB;
/** Most that the edge may have had at once above what it had before: uploads that are being decoded. */
const PEAK_BOUND_BYTES = 384 * MIB;
/**
 * A calm pair's 99th hundredth may be slower by this than in calm: a room with many members holds batches back for as
 * long (flush-window.ts), so nobody can tell an attack from a full room. It is felt only where the attackers leave the
 * machine some time; they are on it too.
 */
const DELAY_BOUND_MS = 250;

type MemoryOf = Readonly<Record<(typeof MEASURED)[number], Memory>>;
type BytesOf = Readonly<Record<(typeof MEASURED)[number], number>>;

/** What a run is asked for. */
export interface FramesOptions {
  readonly shots: number;
  /** Shots a second, at most. */
  readonly rate: number;
  readonly seed: number;
}

/** What a run showed. */
export interface FramesReport {
  readonly shots: number;
  readonly answers: ReadonlyMap<string, number>;
  /** Answers that do not fit or that the documents do not name. */
  readonly faults: readonly string[];
  readonly calm: readonly CalmReport[];
  /** Delays of both pairs before the attack. */
  readonly calmDelaysMs: readonly number[];
  /** Cores of the machine that were busy during the attack. */
  readonly busyCores: number;
  /** Of the service that has done nothing, and before, in the middle of and after the attack. */
  readonly fresh: MemoryOf;
  readonly before: MemoryOf;
  readonly middle: MemoryOf;
  readonly after: MemoryOf;
  /** Resident before and after it without what V8 keeps for itself. */
  readonly barely: readonly [before: BytesOf, after: BytesOf];
  /** Most the edge had during the attack. */
  readonly peakBytes: number;
  readonly died: readonly string[];
}

/** One run. */
export async function runFrames(options: FramesOptions): Promise<FramesReport> {
  const stack = await startStack({ env: { ...measurable(), TRUST_PROXY: "true" } });
  const samples = await makeSamples();
  const pairs: RunningPair[] = [];
  try {
    const scenes = await setTheScene(stack, pairs, samples);
    const { port } = new URL(stack.url);
    const armoury = { url: stack.url, port: Number(port), scenes, samples };
    const codes = await readDocumentedCodes();
    const fresh = await measureMemory(stack);
    // fills caches and pools; what the rest adds is what counts
    await shootAll(new Verdicts(codes), armoury, { ...options, shots: WARM_SHOTS, seed: options.seed + 1 });
    await sleep(SETTLE_MS);
    const [before, pids] = [await measureMemory(stack), await processIds(stack)];
    const bareBefore = await residentWithoutPools(stack);
    const delays = () => Promise.all(pairs.map((pair) => pair.begin()));
    await delays();
    await sleep(CALM_MS);
    const calmDelaysMs = (await delays()).flat();
    await resetPeak(stack);
    const verdicts = new Verdicts(codes);
    const half = { ...options, shots: options.shots / 2 };
    const cores = watchCores();
    await shootAll(verdicts, armoury, half);
    const busyCores = cores();
    const firstDelaysMs = await delays();
    await sleep(SETTLE_MS);
    const middle = await measureMemory(stack);
    await delays();
    await shootAll(verdicts, armoury, { ...half, seed: options.seed + 2 });
    const peakBytes = await peak(stack);
    const reports = await Promise.all(pairs.map((pair) => pair.stop()));
    const calm = reports.map((report, at) => ({
      ...report,
      delaysMs: [...(firstDelaysMs[at] ?? []), ...report.delaysMs],
    }));
    await sleep(SETTLE_MS);
    const [after, pidsAfter] = [await measureMemory(stack), await processIds(stack)];
    const barely = [bareBefore, await residentWithoutPools(stack)] as const;
    const { shots, answers, faults } = verdicts;
    return {
      ...{ shots, answers, faults, calm, calmDelaysMs, busyCores, fresh, before, middle, after, barely, peakBytes },
      died: MEASURED.filter((name) => pids[name] !== pidsAfter[name]),
    };
  } finally {
    await Promise.all(pairs.map((pair) => pair.end()));
    await stack.stop();
  }
}

/** {@link AT_ONCE} volleys at a time until so many more shots are fired. */
async function shootAll(verdicts: Verdicts, armoury: Armoury, { shots, rate, seed }: FramesOptions): Promise<void> {
  const [startedMs, before] = [performance.now(), verdicts.shots];
  const fired = () => verdicts.shots - before;
  let next = 0;
  const worker = async () => {
    while (fired() < shots) {
      await sleep(Math.max(0, startedMs + (fired() / rate) * 1_000 - performance.now()));
      await fireVolley(verdicts, armoury, { seed, index: next++ });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** Makes the rooms, lets a pair talk in each, and signs the attackers up. */
async function setTheScene(stack: Stack, pairs: RunningPair[], samples: Samples): Promise<Scene[]> {
  const person = (name: string) => signUp(stack, name);
  for (const room of ROOMS) {
    await stack.api("POST", "/api/v1/rooms", { slug: room, title: room });
    const [{ token: speaker }, { token: listener }] = [
      await person(`speaker ${room}`),
      await person(`listener ${room}`),
    ];
    pairs.push(await startCalmPair({ room, url: stack.url, tokens: { speaker, listener } }));
  }
  const victim = await person("victim");
  const stolen = {
    token: victim.token,
    cid: pairs[0]?.lastCid ?? (() => ""),
    upload: await upload(stack, victim.session, samples),
  };
  const attackers = [];
  for (let n = 0; n < ATTACKERS; n += 1) attackers.push(await person(`attacker ${n}`));
  return attackers.map(({ session, token }) => ({ room: "target", other: "elsewhere", session, token, stolen }));
}

async function signUp({ url }: Stack, name: string): Promise<{ readonly session: string; readonly token: string }> {
  const post = async (path: string, body: unknown, session?: string) => {
    // each from a machine of its own
    const from = `192.168.7.${1 + ((name.length * 7 + Number(/\d+/.exec(name)?.[0] ?? 0)) % 250)}`;
    const headers = {
      "content-type": "application/json",
      "x-forwarded-for": from,
      ...(session && { authorization: `Bearer ${session}` }),
    };
    const response = await fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
    return (await response.json()) as { readonly token: string };
  };
  const { token: session } = await post("/api/v1/users", { name, password: PASSWORD });
  return { session, token: (await post("/api/v1/room/token", {}, session)).token };
}

async function upload({ url }: Stack, session: string, { jpg }: Samples): Promise<string> {
  const response = await fetch(`${url}/api/v1/rooms/target/uploads?kind=image`, {
    method: "POST",
    headers: { "content-type": "application/octet-stream", authorization: `Bearer ${session}` },
    body: new Uint8Array(jpg),
  });
  if (response.status !== 201) throw new Error(`an honest upload: ${await response.text()}`);
  return ((await response.json()) as { readonly id: string }).id;
}

async function processIds(stack: Stack): Promise<Readonly<Record<string, string>>> {
  const entries = MEASURED.map(async (name) => [name, (await stack.pids(name)).join(" ")] as const);
  return Object.fromEntries(await Promise.all(entries));
}

/** Lets the kernel count the edge's peak anew: proc(5), clear_refs. */
async function resetPeak(stack: Stack): Promise<void> {
  for (const pid of await stack.pids("edge")) await writeFile(`/proc/${pid}/clear_refs`, "5");
}

async function peak(stack: Stack): Promise<number> {
  const [pid] = await stack.pids("edge");
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) * 1_024;
}

/** What does not hold, times aside; nothing when all does. */
export function faultsOf(report: FramesReport): string[] {
  const { faults, calm, before, middle, after, barely, died, peakBytes } = report;
  const [bareBefore, bareAfter] = barely;
  const moreThanEver = (name: keyof MemoryOf) =>
    after[name].residentBytes - Math.max(before[name].residentBytes, middle[name].residentBytes);
  return [
    ...[...new Set(faults)].slice(0, 12),
    ...died.map((name) => `${name} died`),
    ...MEASURED.flatMap((name) => [
      ...over(`${name} holds`, after[name].heldBytes - before[name].heldBytes, HELD_BOUND_BYTES),
      ...over(`${name} is resident by`, bareAfter[name] - bareBefore[name], RESIDENT_BOUND_BYTES),
      ...over(`${name}, with the second half, by`, moreThanEver(name), RESIDENT_BOUND_BYTES),
    ]),
    ...over("the edge's peak", peakBytes - before.edge.residentBytes, PEAK_BOUND_BYTES),
    ...calm.flatMap(({ room, said, lost, doubled, faults: seen }) => [
      ...(lost + doubled > 0 || said < 10 ? [`${room}: ${said} said, ${lost} lost, ${doubled} doubled`] : []),
      ...seen.slice(0, 5).map((fault) => `${room}: ${fault}`),
    ]),
  ];
}

/** Pairs that heard each other later than in calm. */
export function latenessOf({ calm, calmDelaysMs }: FramesReport): string[] {
  const boundMs = percentile(calmDelaysMs, 0.99) + DELAY_BOUND_MS;
  return calm
    .filter(({ delaysMs }) => percentile(delaysMs, 0.99) > boundMs)
    .map(({ room }) => `${room}: p99 of hearing is more than ${boundMs.toFixed(1)} ms`);
}

function memoryLine(name: keyof MemoryOf, { fresh, before, middle, after, barely }: FramesReport): string {
  const arrows = (bytes: readonly number[]) => bytes.map(mib).join(" -> ");
  const of = (field: keyof Memory) => arrows([fresh, before, middle, after].map((memory) => memory[name][field]));
  const bare = arrows(barely.map((bytes) => bytes[name]));
  return `held ${of("heldBytes")}; resident ${of("residentBytes")}; without pools, before and after, ${bare}`;
}

const over = (what: string, bytes: number, bound: number): string[] =>
  bytes > bound ? [`${what} +${mib(bytes)}, more than ${mib(bound)}`] : [];
const mib = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs and prints; true when every answer was a documented one and nobody else noticed. */
export async function tortureFrames(args: readonly string[]): Promise<boolean> {
  const options = readOptions(args, { shots: 10_000, rate: 50, seed: 20_261_128 });
  const report = await runFrames(options);
  const { shots, answers, faults, calm, calmDelaysMs, busyCores, peakBytes, died } = report;
  const delays = (list: readonly number[]) =>
    `p50 ${percentile(list, 0.5).toFixed(1)}, p99 ${percentile(list, 0.99).toFixed(1)}, longest ${Math.max(...list).toFixed(1)} ms`;
  const found = [...faultsOf(report), ...latenessOf(report)];
  printRows(`frames: ${shots} frames, requests and uploads, at most ${options.rate} a second, seed ${options.seed}`, [
    [
      "answers",
      [...answers]
        .sort(([a], [b]) => a.localeCompare(b))
        .map(([answer, n]) => `${answer}: ${n}`)
        .join(", "),
    ],
    ["answers that do not fit", faults.length],
    ["busy during it", `${busyCores.toFixed(2)} of ${cpus().length} cores`],
    ["calm pairs without it", delays(calmDelaysMs)],
    ...calm.map(
      ({ room, said, lost, doubled, delaysMs }) =>
        [
          `calm pair in ${room}`,
          `${said} said, ${lost} lost, ${doubled} doubled; heard after ${delays(delaysMs)}`,
        ] as const,
    ),
    ...MEASURED.map((name) => [`${name}: fresh, before, middle, after`, memoryLine(name, report)] as const),
    ["edge: most resident during it", mib(peakBytes)],
    ["processes that died", died.join(" ") || "none"],
    ["faults", found.length === 0 ? "none" : found.length],
  ]);
  for (const line of found) process.stdout.write(`  ${line}\n`);
  return found.length === 0;
}
