import { resolve } from "node:path";
import type { Settings } from "@lianmai/process";
import { addressesOf } from "./addresses.ts";
import { takeDataLock } from "./data-lock.ts";
import { prepareDemo } from "./demo/demo.ts";
import { renderGreeting } from "./greeting.ts";
import type { LogOutput } from "./output/log-output.ts";
import { checkFfmpeg, checkRedisServer } from "./preflight/media-tools.ts";
import { checkPorts } from "./preflight/ports.ts";
import { checkStorage } from "./preflight/storage.ts";
import { ownRedisSpec, prepareOwnRedis, readRedisLine, retireOrphan } from "./redis/own-redis.ts";
import { servicePorts } from "./services.ts";
import type { ChildReporter } from "./supervise/child.ts";
import type { ChildSpec } from "./supervise/spawn-child.ts";
import { Supervisor } from "./supervise/supervisor.ts";

/** What one run of the service is made of. */
export interface ServiceOptions {
  readonly settings: Settings;
  readonly env: ChildSpec["env"];
  readonly demo: boolean;
  readonly output: LogOutput;
  /** Aborted when the operator asks to stop. */
  readonly signal: AbortSignal;
  /** The children above Redis, given their environment. */
  readonly services: (env: ChildSpec["env"]) => readonly ChildSpec[];
}

/** Stop budgets; their sum stays below the five seconds that Ctrl-C may take. */
const DEMO_STOP = { staggerMs: 400, totalMs: 400 };
const SERVICES_STOP = { staggerMs: 1_000, totalMs: 3_200 };
const REDIS_STOP = { staggerMs: 1_000, totalMs: 1_000 };

/** How long the ports of a killed predecessor's processes may take to become free. */
const PREDECESSOR_BUDGET_MS = 6_000;

/**
 * Runs the whole service until `signal`. Throws PreflightError or StartError when it cannot
 * start; then nothing is left running and the data directory is free again.
 */
export async function runService(options: ServiceOptions): Promise<void> {
  const dataDir = resolve(options.settings.DATA_DIR);
  await checkStorage(dataDir);
  const lock = await takeDataLock(dataDir);
  try {
    const redis = await prepareRedis(options, dataDir);
    const patienceMs = lock.wasStale ? PREDECESSOR_BUDGET_MS : 0;
    await Promise.all([checkPorts(servicePorts(options.settings), { patienceMs }), checkFfmpeg()]);
    await superviseUntilAsked(options, { dataDir, redis });
  } finally {
    await lock.release();
  }
}

interface PreparedRedis {
  readonly url: string;
  /** Absent when the operator brings the Redis. */
  readonly spec: ChildSpec | undefined;
}

async function prepareRedis({ settings, env, output }: ServiceOptions, dataDir: string): Promise<PreparedRedis> {
  if (settings.REDIS_URL) return { url: settings.REDIS_URL, spec: undefined };
  await checkRedisServer();
  const own = await prepareOwnRedis(dataDir, settings.REDIS_PORT);
  if (await retireOrphan(own)) output.event("warn", "redis", "stopped the one a killed start had left behind");
  return { url: own.url, spec: ownRedisSpec(own, env) };
}

async function superviseUntilAsked(
  options: ServiceOptions,
  prepared: { readonly dataDir: string; readonly redis: PreparedRedis },
): Promise<void> {
  const { output, signal } = options;
  const inbox: Inbox = { adminPassword: undefined, greeted: false };
  const supervisor = new Supervisor({ reporter: createReporter(output, inbox) });
  const asked = new Promise<void>((done) => {
    if (signal.aborted) done();
    else signal.addEventListener("abort", () => done(), { once: true });
  });
  const started = startAll(options, { ...prepared, supervisor, inbox });
  try {
    await Promise.race([asked, started.then(() => asked)]);
  } finally {
    if (signal.aborted) output.event("info", "start", "stopping");
    await supervisor.stop();
    // What was still starting ends with the stop; its error says nothing new.
    await started.catch(() => undefined);
    output.event("info", "start", "stopped");
  }
}

interface Inbox {
  adminPassword: string | undefined;
  greeted: boolean;
}

async function startAll(
  options: ServiceOptions,
  parts: {
    readonly dataDir: string;
    readonly redis: PreparedRedis;
    readonly supervisor: Supervisor;
    readonly inbox: Inbox;
  },
): Promise<void> {
  const { settings, output, demo, services, signal } = options;
  const { dataDir, redis, supervisor, inbox } = parts;
  const env = { ...options.env, DATA_DIR: dataDir, REDIS_URL: redis.url };
  if (redis.spec) await supervisor.startGroup([redis.spec], REDIS_STOP);
  await supervisor.startGroup(services(env), SERVICES_STOP);
  if (signal.aborted) return;
  const addresses = addressesOf(settings);
  const processes = supervisor.children.map(({ spec, pid }) => `${spec.name} (pid ${pid})`);
  output.notice(renderGreeting({ addresses, processes, adminPassword: inbox.adminPassword, dataDir }));
  inbox.greeted = true;
  if (!demo) return;
  try {
    const { spec, page } = await prepareDemo(addresses, { dataDir, env: options.env });
    await supervisor.startGroup([spec], DEMO_STOP);
    if (!signal.aborted) output.notice(`\n  Demo     ${page}\n`);
  } catch (error) {
    if (!signal.aborted) output.event("error", "demo", `no demo: ${(error as Error).message}`);
  }
}

function createReporter(output: LogOutput, inbox: Inbox): ChildReporter {
  return {
    event: (level, child, text) => output.event(level, child, text),
    line(child, stream, text) {
      // ffmpeg names the address it cannot reach, with the stream key in it.
      if (child === "demo") return output.line(child, stream, text.replace(/(rtmp:\S+\/live\/)\S+/g, "$1[redacted]:"));
      if (child !== "redis") return output.line(child, stream, text);
      const record = readRedisLine(text);
      output.event(record.level, child, record.text);
    },
    message(_child, message) {
      const password = adminPasswordIn(message);
      if (password === undefined) return;
      inbox.adminPassword = password;
      if (inbox.greeted) output.notice(`\n  Admin    name admin, password ${password}  (shown only this once)\n`);
    },
  };
}

function adminPasswordIn(message: unknown): string | undefined {
  const { kind, password } = (message ?? {}) as { readonly kind?: unknown; readonly password?: unknown };
  return kind === "admin-password" && typeof password === "string" ? password : undefined;
}
