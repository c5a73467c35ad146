/** The whole service, started as an operator starts it, on ports and a data directory of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { descendants } from "./descendants.ts";

const START_BUDGET_MS = 60_000;
const REPOSITORY = join(import.meta.dirname, "../../..");
const ADMIN_PASSWORD = "correct horse battery";

/** The service's processes, by what is in their command lines. */
const PROCESSES = {
  ingest: "/ingest/main.mjs",
  stage: "/ingest/stage.mjs",
  transcode: "/transcode/main.mjs",
  edge: "/edge/main.mjs",
  mixer: "/transcode/mixer.mjs",
  redis: "redis-server",
  encoder: "ffmpeg -hide_banner",
} as const;
export type ProcessName = keyof typeof PROCESSES;

export interface Stack {
  readonly url: string;
  /** The admin's, for requests of one's own. */
  readonly token: string;
  readonly rtmpUrl: string;
  readonly dataDir: string;
  readonly ports: Readonly<Record<"http" | "rtmp" | "ingest" | "stage" | "media" | "transcode" | "redis", number>>;
  /** Ids of this stack's processes of a kind. */
  pids(name: ProcessName): Promise<readonly number[]>;
  /** kill -9 of all of a kind; the ids killed. */
  kill(name: ProcessName): Promise<readonly number[]>;
  /** One API call as admin; the parsed body. Throws on a status of 400 or more. */
  api<T>(method: string, path: string, body?: unknown): Promise<T>;
  /** Makes a room with a stream key. */
  room(
    slug: string,
    settings?: Readonly<Record<string, unknown>>,
  ): Promise<{ readonly slug: string; readonly key: string }>;
  stop(): Promise<void>;
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { readonly port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** Starts the service and waits until it is ready; its output goes to `log` or to `<dataDir>.log`. */
export async function startStack(
  options: { readonly env?: Readonly<Record<string, string>>; readonly log?: string } = {},
): Promise<Stack> {
  const dataDir = await mkdtemp(join(tmpdir(), "lianmai-e2e-"));
  const [http = 0, rtmp = 0, ingest = 0, transcode = 0, redis = 0, stage = 0, media = 0] = await freePorts(7);
  const ports = { http, rtmp, ingest, stage, media, transcode, redis };
  const supervisor = spawn(process.execPath, [join(REPOSITORY, "ops/start/src/main.ts")], {
    cwd: REPOSITORY,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      ...{ HTTP_PORT: String(http), RTMP_PORT: String(rtmp), REDIS_PORT: String(redis) },
      ...{ INGEST_HTTP_PORT: String(ingest), TRANSCODE_HTTP_PORT: String(transcode) },
      ...{ STAGE_HTTP_PORT: String(stage), MEDIA_PORT: String(media) },
      ...{ DATA_DIR: dataDir, ADMIN_PASSWORD, LOG_LEVEL: "info" },
      ...options.env,
    },
  });
  const log = createWriteStream(options.log ?? `${dataDir}.log`);
  supervisor.stdout.pipe(log);
  supervisor.stderr.pipe(log);
  const url = `http://127.0.0.1:${http}`;
  await ready(url, supervisor, options.log ?? `${dataDir}.log`);
  const { token } = await call<{ readonly token: string }>(url, "POST", "/api/v1/sessions", {
    body: { name: "admin", password: ADMIN_PASSWORD },
  });
  const api = <T>(method: string, path: string, body?: unknown) => call<T>(url, method, path, { token, body });
  const pids = (name: ProcessName) => descendants(supervisor.pid ?? 0, PROCESSES[name]);
  return {
    ...{ url, token, dataDir, ports, api, pids },
    rtmpUrl: `rtmp://127.0.0.1:${rtmp}/live`,
    async kill(name) {
      const ids = await pids(name);
      for (const id of ids) process.kill(id, "SIGKILL");
      return ids;
    },
    async room(slug, settings) {
      await api("POST", "/api/v1/rooms", { slug, title: `Room ${slug}` });
      if (settings) await api("PATCH", `/api/v1/rooms/${slug}/settings`, settings);
      const { key } = await api<{ readonly key: string }>("POST", `/api/v1/rooms/${slug}/stream-keys`, {
        label: "test",
      });
      return { slug, key };
    },
    async stop() {
      const gone = supervisor.exitCode === null ? once(supervisor, "exit") : Promise.resolve();
      supervisor.kill("SIGTERM");
      await gone;
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function ready(url: string, supervisor: ChildProcess, log: string): Promise<void> {
  const deadline = Date.now() + START_BUDGET_MS;
  while (Date.now() < deadline) {
    if (supervisor.exitCode !== null) throw new Error(`the service ended with ${supervisor.exitCode}, see ${log}`);
    const answer = await fetch(`${url}/readyz`).catch(() => null);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  supervisor.kill("SIGKILL");
  throw new Error(`the service was not ready in ${START_BUDGET_MS} ms, see ${log}`);
}

async function call<T>(
  url: string,
  method: string,
  path: string,
  options: { readonly token?: string; readonly body?: unknown },
): Promise<T> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(options.body !== undefined && { "content-type": "application/json" }),
      ...(options.token !== undefined && { authorization: `Bearer ${options.token}` }),
    },
    ...(options.body !== undefined && { body: JSON.stringify(options.body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return (text ? JSON.parse(text) : undefined) as T;
}
