import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, stat, truncate } from "node:fs/promises";
import { createConnection } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** How often the size of the append-only file is noted. */
const NOTE_EVERY_MS = 250;
/** What is older than this has been fsynced: Redis does so each second. */
const FSYNCED_AFTER_MS = 2_000;
const TORN_BYTES = 17;

/** A redis-server whose faults are those of a machine. */
export class OwnRedis {
  readonly port: number;
  readonly #dir: string;
  readonly #sizes: { readonly atMs: number; readonly bytes: number }[] = [];
  readonly #timer: NodeJS.Timeout;
  #server: ChildProcess | undefined;

  constructor(dir: string, port: number) {
    this.#dir = dir;
    this.port = port;
    this.#timer = setInterval(() => void this.#note(), NOTE_EVERY_MS);
  }

  async start(): Promise<void> {
    const args = ["--port", String(this.port), "--bind", "127.0.0.1", "--save", "", "--dir", this.#dir];
    const files = ["--appendonly", "yes", "--appendfsync", "everysec", "--aof-load-truncated", "yes"];
    // one file for the whole run: its sizes over time say what was on disk
    files.push("--auto-aof-rewrite-percentage", "0");
    this.#server = spawn("redis-server", [...args, ...files], { stdio: "ignore" });
    for (let tries = 0; tries < 400; tries += 1) {
      const socket = createConnection(this.port, "127.0.0.1");
      const isUp = await once(socket, "connect").then(
        () => true,
        () => false,
      );
      socket.destroy();
      if (isUp) return;
      await sleep(25);
    }
    throw new Error("redis does not start");
  }

  async kill(): Promise<void> {
    const server = this.#server;
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const gone = once(server, "exit");
    server.kill("SIGKILL");
    await gone;
  }

  /** As a power cut: what was not fsynced is gone, and the last write is torn. Answers how many bytes are gone. */
  async losePower(): Promise<number> {
    await this.kill();
    const file = await this.#file();
    const before = Date.now() - FSYNCED_AFTER_MS;
    const synced = this.#sizes.findLast(({ atMs }) => atMs <= before)?.bytes;
    if (!file || synced === undefined) return 0;
    // a few bytes of what came next got there: the last write is torn
    const { size } = await stat(file);
    const left = Math.min(synced + TORN_BYTES, size);
    await truncate(file, left);
    this.#sizes.length = 0;
    return size - left;
  }

  async pause(ms: number): Promise<void> {
    this.#server?.kill("SIGSTOP");
    await sleep(ms);
    this.#server?.kill("SIGCONT");
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.kill();
  }

  async #file(): Promise<string | undefined> {
    const dir = join(this.#dir, "appendonlydir");
    const names = await readdir(dir).catch(() => []);
    const name = names
      .filter((each) => each.endsWith(".incr.aof"))
      .sort()
      .at(-1);
    return name && join(dir, name);
  }

  async #note(): Promise<void> {
    const file = await this.#file();
    const found = file && (await stat(file).catch(() => undefined));
    if (found) this.#sizes.push({ atMs: Date.now(), bytes: found.size });
  }
}
