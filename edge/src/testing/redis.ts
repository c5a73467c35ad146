import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connectRedis, createLogger, type Redis } from "@lianmai/process";

/** A redis-server of a test's own, on a free port, keeping nothing on disk. */
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
export const silent = createLogger({ process: "test", level: "silent" });

/** A port nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Waits until `probe` answers with something true; fails after a generous while. */
export async function eventually<Result>(
  probe: () => Promise<Result | undefined | false> | Result | undefined | false,
): Promise<Result> {
  const deadlineMs = Date.now() + 20_000;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadlineMs) throw new Error(`never came true: ${probe}`);
    await sleep(20);
  }
}

/** Starts the server and connects to it. */
export async function startTestRedis(): Promise<TestRedis> {
  const port = await freePort();
  const directory = await mkdtemp(join(tmpdir(), "edge-redis-"));
  const url = `redis://127.0.0.1:${port}`;
  const run = () =>
    spawn("redis-server", ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", directory], {
      stdio: "ignore",
    });
  let server: ChildProcess = run();
  const client = connectRedis(url, { logger: silent, role: "commands" });
  const subscriber = connectRedis(url, { logger: silent, role: "subscriber" });
  const ready = () => eventually(() => client.status === "ready" && subscriber.status === "ready");
  const down = async () => {
    const gone = once(server, "exit");
    server.kill("SIGKILL");
    await gone;
  };
  await ready();
  return {
    url,
    client,
    subscriber,
    down,
    async up() {
      server = run();
      await ready();
    },
    async stop() {
      client.disconnect();
      subscriber.disconnect();
      if (server.exitCode === null && server.signalCode === null) await down();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
