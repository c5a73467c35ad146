import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const MARK = "LIANMAI_TEST_RUN";

/** A place for starts of the stand-in service: own ports, own data directory, a mark on all its processes. */
export class ServicePlace {
  readonly dir: string;
  readonly ports: Readonly<Record<string, string>>;
  readonly #mark = randomUUID();

  private constructor(dir: string, ports: Readonly<Record<string, string>>) {
    this.dir = dir;
    this.ports = ports;
  }

  static async create(): Promise<ServicePlace> {
    const names = [
      "HTTP_PORT",
      "RTMP_PORT",
      "REDIS_PORT",
      "INGEST_HTTP_PORT",
      "TRANSCODE_HTTP_PORT",
      "STAGE_HTTP_PORT",
      "MEDIA_PORT",
    ];
    const ports = await freePorts(names.length);
    const dir = await mkdtemp(join(tmpdir(), "lianmai-start-"));
    return new ServicePlace(dir, Object.fromEntries(names.map((name, index) => [name, String(ports[index])])));
  }

  get dataDir(): string {
    return join(this.dir, "data");
  }

  /** Starts the service with stand-ins; `env` goes over the place's own settings. */
  start(env: Readonly<Record<string, string>> = {}): ServiceRun {
    return this.#run("./stand-in-service.ts", [], env);
  }

  /** Starts the real service. */
  startReal(...args: readonly string[]): ServiceRun {
    return this.#run("../main.ts", args, {});
  }

  #run(entry: string, args: readonly string[], env: Readonly<Record<string, string>>): ServiceRun {
    const child = spawn(process.execPath, [fileURLToPath(new URL(entry, import.meta.url)), ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: process.env.PATH, ...this.ports, DATA_DIR: this.dataDir, [MARK]: this.#mark, ...env },
    });
    return new ServiceRun(child);
  }

  /** Ids of the place's processes that are alive. */
  async processes(): Promise<number[]> {
    const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
    const found = await Promise.all(
      pids.map(async (pid) => {
        const environment = await readFile(`/proc/${pid}/environ`, "latin1").catch(() => "");
        // Redis writes its title over its environment.
        const title = await readFile(`/proc/${pid}/cmdline`, "latin1").catch(() => "");
        const isRedis = title.includes(`127.0.0.1:${this.ports.REDIS_PORT}`);
        return isRedis || environment.includes(this.#mark) ? Number(pid) : 0;
      }),
    );
    return found.filter((pid) => pid !== 0);
  }

  /** A command to the service's own Redis; rejects while it is away. */
  async redis(...args: readonly string[]): Promise<string> {
    const password = await readFile(join(this.dataDir, "redis/password"), "utf8");
    const child = spawn("redis-cli", ["-p", this.ports.REDIS_PORT ?? "", "--no-auth-warning", "-a", password, ...args]);
    let text = "";
    child.stdout.on("data", (bytes: Buffer) => {
      text += bytes.toString();
    });
    await new Promise((resolve) => child.once("close", resolve));
    return text.trim();
  }

  /** Kills what is left and removes the directory. */
  async remove(): Promise<void> {
    for (const pid of await this.processes()) process.kill(pid, "SIGKILL");
    await rm(this.dir, { recursive: true, force: true });
  }
}

/** One run of the start command. */
export class ServiceRun {
  readonly #child: ChildProcess;
  readonly exited: Promise<number | null>;
  #output = "";

  constructor(child: ChildProcess) {
    this.#child = child;
    this.exited = new Promise((resolve) => child.once("close", (code) => resolve(code)));
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (bytes: Buffer) => {
        this.#output += bytes.toString();
      });
    }
  }

  get output(): string {
    return this.#output;
  }

  /** Process id of the supervisor. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Waits until the output has a match; rejects when the run ends before. */
  async until(pattern: RegExp): Promise<void> {
    let ended = false;
    void this.exited.then(() => {
      ended = true;
    });
    await eventually(() => {
      if (pattern.test(this.#output)) return true;
      if (ended) throw new Error(`ended without ${pattern}:\n${this.#output}`);
      return false;
    }, `${pattern} in the output`);
  }
}

/** Polls until a condition holds; rejects after a generous while. */
export async function eventually(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const untilMs = performance.now() + 40_000;
  while (!(await holds())) {
    if (performance.now() > untilMs) throw new Error(`waited in vain for: ${what}`);
    await sleep(25);
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return server;
    }),
  );
  return Promise.all(
    servers.map(async (server) => {
      const address = server.address();
      await new Promise((resolve) => server.close(resolve));
      return typeof address === "object" && address !== null ? address.port : 0;
    }),
  );
}
