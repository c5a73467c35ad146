import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ChildSpec } from "../supervise/spawn-child.ts";
import { askRedis } from "./ask-redis.ts";

/** The service's own Redis: where it listens, its data and its password. */
export interface OwnRedis {
  readonly port: number;
  readonly password: string;
  readonly configFile: string;
  readonly url: string;
}

const PROBE_MS = 25;
const RETIRE_BUDGET_MS = 5_000;

/** Writes Redis' configuration below the data directory; the password is made once and kept there. */
export async function prepareOwnRedis(dataDir: string, port: number): Promise<OwnRedis> {
  const dir = join(dataDir, "redis");
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const password = await readOrMakePassword(join(dir, "password"));
  const configFile = join(dir, "redis.conf");
  await writeFile(configFile, renderRedisConfig({ dir, port, password }), { mode: 0o600 });
  return { port, password, configFile, url: `redis://:${password}@127.0.0.1:${port}/0` };
}

/**
 * Redis' configuration: loopback only, every write in the append-only file within a second, no
 * snapshots beside it, and a full memory refuses writes instead of dropping keys.
 */
export function renderRedisConfig(options: {
  readonly dir: string;
  readonly port: number;
  readonly password: string;
}): string {
  return [
    "bind 127.0.0.1",
    `port ${options.port}`,
    "protected-mode yes",
    `requirepass ${options.password}`,
    `dir ${JSON.stringify(options.dir)}`,
    "appendonly yes",
    "appendfsync everysec",
    'save ""',
    "maxmemory-policy noeviction",
    "daemonize no",
    'logfile ""',
    "",
  ].join("\n");
}

/** Redis as a child of the supervisor. */
export function ownRedisSpec(redis: OwnRedis, env: ChildSpec["env"]): ChildSpec {
  return {
    name: "redis",
    file: "redis-server",
    args: [redis.configFile],
    env,
    ready: async (signal) => {
      while (!signal.aborted) {
        const reply = await askRedis(redis, "PING").catch(() => "");
        if (reply === "+PONG") return;
        await sleep(PROBE_MS);
      }
    },
  };
}

/** Shuts down a Redis of ours that a killed supervisor left behind; true when there was one. */
export async function retireOrphan(redis: OwnRedis): Promise<boolean> {
  const isOurs = await askRedis(redis, "PING").then(
    (reply) => reply === "+PONG" || reply.startsWith("-LOADING"),
    () => false,
  );
  if (!isOurs) return false;
  await askRedis(redis, "SHUTDOWN NOSAVE").catch(() => undefined);
  const untilMs = performance.now() + RETIRE_BUDGET_MS;
  while (performance.now() < untilMs && (await answers(redis))) await sleep(PROBE_MS);
  return true;
}

/** A line of Redis' log in our terms: its failures are warnings, its chatter is not. */
export function readRedisLine(line: string): { readonly level: "debug" | "warn"; readonly text: string } {
  const text = line.replace(/^\d+:[A-Z] \d+ \w+ \d+ [\d:.]+ [.\-*#] /, "");
  const isAdvice = text.startsWith("WARNING");
  const isFailure = /\b(fail|error|can't|cannot|fatal|bad file|out of memory|no space|disk)/i.test(text);
  return { level: isFailure && !isAdvice ? "warn" : "debug", text };
}

async function answers(redis: OwnRedis): Promise<boolean> {
  return askRedis(redis, "PING").then(
    () => true,
    () => false,
  );
}

async function readOrMakePassword(file: string): Promise<string> {
  const made = randomBytes(24).toString("hex");
  try {
    await writeFile(file, made, { mode: 0o600, flag: "wx" });
    return made;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const kept = (await readFile(file, "utf8")).trim();
    if (/^[0-9a-f]{48}$/.test(kept)) return kept;
    await writeFile(file, made, { mode: 0o600 });
    return made;
  }
}
