/**
 * How long each process of the service takes from its start until it serves, what that costs of a core, and the memory
 * it then holds: from the bundle, as `npm start` runs it, and from the sources. One process at a time, beside its own
 * Redis; the first start of each makes Node's compile cache and is not counted.
 * `npm run bench -- start --times 5`
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, startTestRedis } from "@lianmai/process/testing/redis-server";
import { ensureServices } from "@lianmai/start/service-build";
import { SERVICE_ENTRIES } from "@lianmai/start/service-entries";
import { serviceSpecs } from "@lianmai/start/services";
import { cpuSeconds, residentBytes } from "./process-figures.ts";
import { percentile, printRows, readOptions } from "./report.ts";

const REPOSITORY = join(import.meta.dirname, "../../..");
const PORTS = ["HTTP_PORT", "RTMP_PORT", "INGEST_HTTP_PORT", "STAGE_HTTP_PORT", "MEDIA_PORT", "TRANSCODE_HTTP_PORT"];

interface Start {
  readonly readyMs: number;
  readonly cpuMs: number;
  readonly bytes: number;
}

/** Runs the benchmark and prints its figures. */
export async function benchStart(args: readonly string[]): Promise<void> {
  const { times } = readOptions(args, { times: 5 });
  const folder = await ensureServices(process.execPath, process.env);
  const dataDir = await mkdtemp(join(tmpdir(), "lianmai-bench-"));
  const redis = await startTestRedis();
  try {
    const ports = Object.fromEntries(await Promise.all(PORTS.map(async (name) => [name, String(await freePort())])));
    const env = { ...process.env, ...ports, REDIS_URL: redis.url, DATA_DIR: dataDir, LOG_LEVEL: "error" };
    const rows: [string, string][] = [];
    for (const spec of serviceSpecs({ ...env, ADMIN_PASSWORD: "benchmark only" }, folder)) {
      const sources = spec.args.map((arg) => sourceOf(arg, folder));
      for (const [from, argv] of [
        ["bundle", spec.args],
        ["sources", sources],
      ] as const) {
        const starts: Start[] = [];
        for (let time = 0; time <= times; time += 1) starts.push(await startOnce(spec.file, argv, spec.env));
        rows.push([`${spec.name}, ${from}`, describe(starts.slice(1))]);
      }
    }
    printRows(`start: from spawn to ready, ${times} times each, median (most)`, rows);
  } finally {
    await redis.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** The source file of a bundled entry; other arguments as they are. */
function sourceOf(arg: string, folder: string): string {
  const name = Object.keys(SERVICE_ENTRIES).find((entry) => arg === join(folder, `${entry}.mjs`));
  return name === undefined ? arg : join(REPOSITORY, SERVICE_ENTRIES[name as keyof typeof SERVICE_ENTRIES]);
}

async function startOnce(file: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Start> {
  const startedMs = performance.now();
  const child = spawn(file, [...args], { env, stdio: ["ignore", "inherit", "inherit", "ipc"] });
  try {
    await ready(child);
    const readyMs = performance.now() - startedMs;
    return { readyMs, cpuMs: cpuSeconds(child.pid) * 1_000, bytes: residentBytes(child.pid) };
  } finally {
    const gone = once(child, "exit");
    if (child.kill()) await gone;
  }
}

async function ready(child: ChildProcess): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  child.on("message", (message: { readonly kind?: unknown }) => message.kind === "ready" && resolve());
  child.once("exit", (code, signal) => reject(new Error(`ended with ${signal ?? code} before it served`)));
  await promise;
}

function describe(starts: readonly Start[]): string {
  const of = (pick: (start: Start) => number, digits = 0) => {
    const values = starts.map(pick);
    return `${percentile(values, 0.5).toFixed(digits)} (${Math.max(...values).toFixed(digits)})`;
  };
  const resident = of(({ bytes }) => bytes / 1_048_576);
  return `${of(({ readyMs }) => readyMs)} ms, CPU ${of(({ cpuMs }) => cpuMs)} ms, resident ${resident} MiB`;
}
