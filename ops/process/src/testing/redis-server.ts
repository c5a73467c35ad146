/** A redis-server for tests, and what tests wait with. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createLogger } from "../logger.ts";
import { connectRedis, type Redis } from "../redis.ts";

/** A redis-server of a test's own, keeping nothing on disk. */
export interface TestRedis {
  readonly url: string;
  readonly client: Redis;
  /** A second connection, for subscriptions. */
  readonly subscriber: Redis;
  /** Kills the server as a crash does. */
  down(): Promise<void>;
  /** Starts it again, empty. */
  up(): Promise<void>;
  stop(): Promise<void>;
}

/** Logger that says nothing. */
export const silentLogger = createLogger({ process: "test", level: "silent" });

/** A port nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

type Nothing = null | undefined | false;

/** Waits until `probe` answers something; throws after `budgetMs`. */
export async function eventually<T>(probe: () => T | Nothing | Promise<T | Nothing>, budgetMs = 20_000): Promise<T> {
  const deadlineMs = Date.now() + budgetMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== null && found !== false) return found;
    if (Date.now() > deadlineMs) throw new Error(`not within ${budgetMs} ms: ${probe}`);
    await sleep(20);
  }
}

/** Starts a server, on a free port unless told, and connects to it. */
export async function startTestRedis(options: { readonly port?: number } = {}): Promise<TestRedis> {
  const port = options.port ?? (await freePort());
  const directory = await mkdtemp(join(tmpdir(), "lianmai-redis-"));
  const url = `redis://127.0.0.1:${port}/0`;
  const run = () =>
    spawn("redis-server", ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", directory], {
      stdio: "ignore",
    });
  let server: ChildProcess = run();
  const client = connectRedis(url, { logger: silentLogger, role: "commands" });
  const subscriber = connectRedis(url, { logger: silentLogger, role: "subscriber" });
  const ready = () => eventually(() => client.status === "ready" && subscriber.status === "ready");
  const down = async () => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const gone = once(server, "exit");
    server.kill("SIGKILL");
    await gone;
  };
  await ready();
  return {
    ...{ url, client, subscriber, down },
    async up() {
      server = run();
      await ready();
    },
    async stop() {
      client.disconnect();
      subscriber.disconnect();
      await down();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
