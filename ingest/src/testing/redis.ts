import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connectRedis, createLogger, type Redis } from "@lianmai/process";
import { grantRedisKey, INGEST_EVENTS_CHANNEL, type IngestEvent, type StreamKeyGrant } from "../contract.ts";
import { keyHash } from "../publication/grants.ts";

/** A redis-server of the test's own. */
export interface TestRedis {
  readonly url: string;
  readonly client: Redis;
  /** Events heard since the start. */
  readonly events: IngestEvent[];
  grant(key: string, grant: Partial<StreamKeyGrant> & { readonly room: string }): Promise<void>;
  /** Kills the server, as a crash does; {@link up} starts it again, empty. */
  down(): Promise<void>;
  up(): Promise<void>;
  stop(): Promise<void>;
}

/** A port nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address ? address.port : 0;
}

/** Waits until `probe` answers something; fails after `budgetMs`. */
export async function eventually<T>(
  probe: () => T | null | undefined | false | Promise<T | null | undefined | false>,
  budgetMs = 15_000,
): Promise<T> {
  const until = Date.now() + budgetMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== null && found !== false) return found;
    if (Date.now() > until) throw new Error(`not within ${budgetMs} ms: ${probe}`);
    await sleep(20);
  }
}

export const silentLogger = createLogger({ process: "test", level: "silent" });

/** Starts a redis-server, on a free port unless told, with nothing kept on disk. */
export async function startTestRedis(options: { readonly port?: number } = {}): Promise<TestRedis> {
  const port = options.port ?? (await freePort());
  const directory = await mkdtemp(join(tmpdir(), "ingest-redis-"));
  const run = () =>
    spawn("redis-server", ["--port", `${port}`, "--save", "", "--bind", "127.0.0.1", "--dir", directory], {
      stdio: "ignore",
    });
  let server = run();
  const url = `redis://127.0.0.1:${port}/0`;
  const client = connectRedis(url, { logger: silentLogger, role: "commands" });
  const subscriber = connectRedis(url, { logger: silentLogger, role: "subscriber" });
  const events: IngestEvent[] = [];
  subscriber.on("message", (_channel: string, text: string) => events.push(JSON.parse(text)));
  await subscriber.subscribe(INGEST_EVENTS_CHANNEL);
  const ready = () => eventually(() => client.status === "ready" && subscriber.status === "ready");
  await ready();
  const down = async () => {
    const exited = new Promise((resolve) => server.once("exit", resolve));
    server.kill("SIGKILL");
    await exited;
  };
  return {
    url,
    client,
    events,
    async grant(key, { room, ...rest }) {
      const grant = {
        keyId: `id-${key}`.slice(0, 64),
        label: "OBS",
        state: "active",
        takeover: "refuse",
        ...rest,
        room,
      };
      await client.set(grantRedisKey(keyHash(key)), JSON.stringify(grant));
    },
    down,
    async up() {
      server = run();
      await eventually(() => client.status === "ready" && subscriber.status === "ready");
    },
    async stop() {
      client.disconnect();
      subscriber.disconnect();
      await down();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
