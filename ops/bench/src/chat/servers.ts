/** Starts what is compared, each as one process with a Redis of its own where it needs one. */
import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "@lianmai/process/testing/redis-server";
import type { System } from "./dialects.ts";

const NCHAN_MODULE = "/usr/lib/nginx/modules/ngx_nchan_module.so";
const PASSWORD = "benchmark only";
const COLLECT = import.meta.resolve("@lianmai/process/testing/collect-on-signal");
const START_BUDGET_MS = 20_000;

/** Whether nginx with nchan is installed here (Debian: libnginx-mod-nchan). */
export const hasNchan = (): boolean => existsSync(NCHAN_MODULE);

/** A running server. */
export interface Server {
  readonly system: System;
  readonly port: number;
  readonly pid: number;
  readonly redisPid: number | undefined;
  /** Tokens of so many people; empty ones where none are needed. */
  tokens(count: number): Promise<readonly string[]>;
  /** Has the process collect its garbage, where it has any. */
  collect(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a server and waits until it takes connections. */
export async function startServer(system: System): Promise<Server> {
  const directory = await mkdtemp(join(tmpdir(), "lianmai-bench-"));
  const port = await freePort();
  const redis = system === "nchan" ? undefined : await startRedis(directory);
  const child = await START[system]({ directory, port, redisUrl: `redis://127.0.0.1:${redis?.port}` });
  await listening(port);
  if (system === "lianmai") await openRoom(port);
  return {
    ...{ system, port, pid: child.pid ?? 0, redisPid: redis?.child.pid },
    async tokens(count) {
      if (system !== "lianmai") return Array.from({ length: count }, () => "");
      child.send({ count });
      const [message] = (await once(child, "message")) as [{ readonly result: readonly string[] }];
      return message.result;
    },
    async collect() {
      if (system === "nchan") return;
      child.kill("SIGUSR2");
      await sleep(1_500);
    },
    async stop() {
      const gone = [child, redis?.child].map((each) => each && once(each, "exit"));
      child.kill("SIGKILL");
      redis?.child.kill("SIGKILL");
      await Promise.all(gone);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

type Start = (where: {
  readonly directory: string;
  readonly port: number;
  readonly redisUrl: string;
}) => Promise<ChildProcess>;

const START: Readonly<Record<System, Start>> = {
  async lianmai({ directory, port, redisUrl }) {
    const child = fork(join(import.meta.dirname, "lianmai-server.ts"), [], {
      env: {
        ...process.env,
        ...{ HTTP_HOST: "127.0.0.1", HTTP_PORT: String(port), DATA_DIR: directory, REDIS_URL: redisUrl },
        ...{ LOG_LEVEL: "warn", ADMIN_PASSWORD: PASSWORD },
      },
      execArgv: ["--import", COLLECT, "--disable-warning=ExperimentalWarning"],
    });
    await ready(child);
    return child;
  },
  async "socket.io"({ port, redisUrl }) {
    const child = fork(join(import.meta.dirname, "socket-io-server.ts"), [String(port), redisUrl], {
      execArgv: ["--import", COLLECT],
    });
    await ready(child);
    return child;
  },
  async nchan({ directory, port }) {
    const path = join(directory, "nginx.conf");
    await writeFile(path, nginxConfiguration(directory, port));
    return spawn("nginx", ["-c", path, "-p", directory, "-e", join(directory, "error.log")], { stdio: "inherit" });
  },
};

const ready = (child: ChildProcess) =>
  Promise.race([
    once(child, "message"),
    once(child, "exit").then(([code]) => Promise.reject(new Error(`a server ended with ${code}`))),
  ]);

const nginxConfiguration = (directory: string, port: number): string => `
load_module ${NCHAN_MODULE};
daemon off;
master_process off;
worker_rlimit_nofile 20000;
pid ${directory}/nginx.pid;
error_log ${directory}/error.log;
events { worker_connections 16384; }
http {
  access_log off;
  client_body_temp_path ${directory}/body;
  proxy_temp_path ${directory}/proxy;
  fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi;
  scgi_temp_path ${directory}/scgi;
  nchan_shared_memory_size 256M;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = /sub { nchan_subscriber websocket; nchan_channel_id room; nchan_subscriber_first_message newest; }
    location = /pub { nchan_publisher http; nchan_channel_id room; nchan_message_buffer_length 1000; }
  }
}
`;

async function startRedis(directory: string): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const port = await freePort();
  const options = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", directory];
  const child = spawn("redis-server", [...options, "--appendonly", "yes"], { stdio: "ignore" });
  await listening(port);
  return { child, port };
}

async function listening(port: number): Promise<void> {
  const deadlineMs = performance.now() + START_BUDGET_MS;
  while (performance.now() < deadlineMs) {
    const socket = connect(port, "127.0.0.1");
    const isUp = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isUp) return;
    await sleep(50);
  }
  throw new Error(`nothing listens on ${port}`);
}

async function openRoom(port: number): Promise<void> {
  const post = async (path: string, body: unknown, token?: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
    return (await response.json()) as { readonly token: string };
  };
  const { token } = await post("/api/v1/sessions", { name: "admin", password: PASSWORD });
  await post("/api/v1/rooms", { slug: "bench", title: "Bench" }, token);
}
