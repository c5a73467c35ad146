/** What the service's processes hold, after a collection of garbage. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { ProcessName, Stack } from "@lianmai/e2e/stack";

export const MEASURED = ["ingest", "transcode", "edge", "redis"] as const satisfies readonly ProcessName[];
type Measured = (typeof MEASURED)[number];

/** Bytes. */
export interface Memory {
  /** Heap in use and buffers; for Redis what it says it uses. */
  readonly heldBytes: number;
  /** What V8 has for its heap, used or not; for Redis as held. */
  readonly heapBytes: number;
  /** What the system gave the process. */
  readonly residentBytes: number;
}

/** Environment of a service whose memory is going to be measured. */
export const measurable = (): Readonly<Record<string, string>> => ({
  NODE_OPTIONS: `--import ${fileURLToPath(import.meta.resolve("@lianmai/process/testing/collect-on-signal"))}`,
});

const COLLECT_MS = 1_500;
/** V8 gives the pages that a collection has emptied back only with the next. */
const COLLECTIONS = 3;

/** Collects garbage everywhere, then reads each process's memory. */
export async function measureMemory(stack: Stack): Promise<Readonly<Record<Measured, Memory>>> {
  for (let times = 0; times < COLLECTIONS; times += 1) {
    await signalAll(stack, "SIGUSR2");
    await sleep(COLLECT_MS);
  }
  const { url, ports } = stack;
  const [ingest, transcode, edge, redis] = await Promise.all([
    scrape(`http://127.0.0.1:${ports.ingest}`),
    scrape(`http://127.0.0.1:${ports.transcode}`),
    scrape(url, { authorization: `Bearer ${stack.token}` }),
    redisMemory(stack),
  ]);
  return { ingest, transcode, edge, redis };
}

/**
 * Has V8 give back what it keeps for itself, then reads what is resident. V8 pools the pages that its heaps have emptied
 * and uses them again; without being asked it gives them back only after a heap has grown and the process is idle.
 */
export async function residentWithoutPools(stack: Stack): Promise<Readonly<Record<Measured, number>>> {
  await signalAll(stack, "SIGHUP");
  await sleep(COLLECT_MS);
  const entries = MEASURED.map(async (name) => [name, await statusBytes(stack, name, "VmRSS")] as const);
  return Object.fromEntries(await Promise.all(entries)) as Record<Measured, number>;
}

async function signalAll(stack: Stack, signal: "SIGUSR2" | "SIGHUP"): Promise<void> {
  for (const name of MEASURED) {
    if (name === "redis") continue;
    for (const pid of await stack.pids(name)) process.kill(pid, signal);
  }
}

async function scrape(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Memory> {
  const text = await (await fetch(`${url}/metrics`, { headers })).text();
  const value = (name: string): number => {
    const found = new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "m").exec(text)?.[1];
    if (found === undefined) throw new Error(`${url}/metrics has no ${name}`);
    return Number(found);
  };
  return {
    heldBytes: value("nodejs_heap_size_used_bytes") + value("nodejs_external_memory_bytes"),
    heapBytes: value("nodejs_heap_size_total_bytes"),
    residentBytes: value("process_resident_memory_bytes"),
  };
}

async function redisMemory(stack: Stack): Promise<Memory> {
  const anonymous = await statusBytes(stack, "redis", "RssAnon");
  const residentBytes = await statusBytes(stack, "redis", "VmRSS");
  return { heldBytes: anonymous, heapBytes: anonymous, residentBytes };
}

/** A field of the status of a process's all instances, together. */
async function statusBytes(stack: Stack, name: Measured, field: "RssAnon" | "VmRSS"): Promise<number> {
  const status = await Promise.all((await stack.pids(name)).map((pid) => readFile(`/proc/${pid}/status`, "utf8")));
  const kib = status.map((text) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? 0));
  return kib.reduce((sum, each) => sum + each, 0) * 1_024;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
