import { existsSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LOCK_FILE } from "./data-lock.ts";
import { eventually, ServicePlace } from "./testing/service-run.ts";

const RUNNING = /Lianmai is running/;

let place: ServicePlace;
beforeEach(async () => {
  place = await ServicePlace.create();
});
afterEach(() => place.remove());

const gone = () => eventually(async () => (await place.processes()).length === 0, "no process left");

async function pidOf(setting: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${place.ports[setting]}/`).catch(() => undefined);
  return Number((await response?.text()) ?? 0);
}

async function listenOn(port: number): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, "0.0.0.0", resolve));
  return server;
}

describe("a start that cannot be", () => {
  it("names a taken port, who has it and the setting, and leaves nothing", async () => {
    const server = await listenOn(Number(place.ports.RTMP_PORT));
    const run = place.start();
    expect(await run.exited).toBe(1);
    server.close();
    expect(run.output).toContain(`Port ${place.ports.RTMP_PORT} is taken by`);
    expect(run.output).toContain(`(pid ${process.pid})`);
    expect(run.output).toContain("RTMP_PORT=");
    expect(run.output.trim().split("\n")).toHaveLength(1);
    await gone();
    expect(existsSync(join(place.dataDir, LOCK_FILE))).toBe(false);
  });

  it("names two settings with one port", async () => {
    const run = place.start({ RTMP_PORT: place.ports.HTTP_PORT ?? "" });
    expect(await run.exited).toBe(1);
    expect(run.output).toContain("HTTP_PORT and RTMP_PORT are both");
  });

  it("names a data directory that cannot be written", async () => {
    await writeFile(join(place.dir, "file"), "");
    const run = place.start({ DATA_DIR: join(place.dir, "file/data") });
    expect(await run.exited).toBe(1);
    expect(run.output).toMatch(/data directory .*file\/data cannot be written \(ENOTDIR\).*DATA_DIR/);
    expect(run.output.trim().split("\n")).toHaveLength(1);
  });

  it("names a bad setting", async () => {
    const run = place.start({ HTTP_PORT: "eighty" });
    expect(await run.exited).toBe(78);
    expect(run.output).toContain('HTTP_PORT="eighty" cannot be used');
  });

  it("stops everything when one process does not come up", async () => {
    const run = place.start({ STAND_IN_MODE: "transcode:broken" });
    expect(await run.exited).toBe(1);
    expect(run.output).toContain("transcode does not start");
    expect(run.output).toContain("this one never starts");
    await gone();
  });
});

describe("a running service", () => {
  it("greets, stops on repeated Ctrl-C, and leaves no process, port or temporary file", async () => {
    const run = place.start();
    await run.until(RUNNING);
    expect(run.output).toContain(`rtmp://localhost:${place.ports.RTMP_PORT}/live`);
    expect(run.output).toContain("name admin, password first-password");
    expect((await place.processes()).length).toBeGreaterThan(7);
    run.signal("SIGINT");
    run.signal("SIGINT");
    expect(await run.exited).toBe(0);
    expect(await place.processes()).toEqual([]);
    for (const port of Object.values(place.ports)) (await listenOn(Number(port))).close();
    expect(await readdir(place.dataDir)).toEqual(["redis"]);
    expect(run.output.match(/stopping/g)).toHaveLength(1);
  });

  it("kills a process that does not stop, and what it started", async () => {
    const run = place.start({ STAND_IN_MODE: "ingest:deaf" });
    await run.until(RUNNING);
    run.signal("SIGTERM");
    expect(await run.exited).toBe(0);
    expect(run.output).toContain("ingest    warn  did not stop in time");
    expect(await place.processes()).toEqual([]);
  });

  it("restarts a killed process while the others go on", async () => {
    const run = place.start();
    await run.until(RUNNING);
    const [ingest, edge] = [await pidOf("INGEST_HTTP_PORT"), await pidOf("HTTP_PORT")];
    const before = (await place.processes()).length;
    process.kill(ingest, "SIGKILL");
    await run.until(/ingest +info +ready again/);
    expect(await pidOf("INGEST_HTTP_PORT")).not.toBe(ingest);
    expect(await pidOf("HTTP_PORT")).toBe(edge);
    expect(run.output).toMatch(/ingest +warn +ended unasked \(SIGKILL\), restart in \d+ ms/);
    // The killed one's own child must be gone as well.
    expect((await place.processes()).length).toBe(before);
    run.signal("SIGTERM");
    expect(await run.exited).toBe(0);
  });

  it("keeps Redis' data over a kill -9 of Redis and over a second start", async () => {
    const first = place.start();
    await first.until(RUNNING);
    expect(await place.redis("SET", "kept", "yes")).toBe("OK");
    const redisPid = Number(/process_id:(\d+)/.exec(await place.redis("INFO", "server"))?.[1]);
    process.kill(redisPid, "SIGKILL");
    await first.until(/redis +info +ready again/);
    expect(await place.redis("GET", "kept")).toBe("yes");
    first.signal("SIGINT");
    expect(await first.exited).toBe(0);
    const second = place.start();
    await second.until(RUNNING);
    expect(await place.redis("GET", "kept")).toBe("yes");
    second.signal("SIGINT");
    expect(await second.exited).toBe(0);
  });

  it("takes everything along when it is killed, and starts again at once", async () => {
    const first = place.start();
    await first.until(RUNNING);
    first.signal("SIGKILL");
    const second = place.start();
    await second.until(RUNNING);
    second.signal("SIGINT");
    expect(await second.exited).toBe(0);
    await gone();
  });

  it("refuses a second start on the same data", async () => {
    const first = place.start();
    await first.until(RUNNING);
    const second = place.start();
    expect(await second.exited).toBe(1);
    expect(second.output).toContain(`Another start (pid ${first.pid}) is using`);
    first.signal("SIGINT");
    expect(await first.exited).toBe(0);
  });

  it("takes over a lock whose holder is gone, though its process id lives on in another", async () => {
    await mkdir(place.dataDir);
    await writeFile(join(place.dataDir, LOCK_FILE), `${process.pid} 1 another-boot\n`);
    const run = place.start();
    await run.until(RUNNING);
    run.signal("SIGINT");
    expect(await run.exited).toBe(0);
  });

  it("starts no Redis where one is given, and says why when the given one is no address", async () => {
    const run = place.start({ REDIS_URL: "redis://127.0.0.1:1/0" });
    await run.until(RUNNING);
    expect(run.output).not.toContain("redis (pid");
    await expect(place.redis("PING")).rejects.toThrow("ENOENT");
    run.signal("SIGINT");
    expect(await run.exited).toBe(0);
    const wrong = place.start({ REDIS_URL: "127.0.0.1:6379" });
    expect(await wrong.exited).toBe(78);
    expect(wrong.output).toContain("REDIS_URL=");
  });

  it("passes JSON lines through", async () => {
    const run = place.start({ LOG_FORMAT: "json" });
    await run.until(RUNNING);
    run.signal("SIGINT");
    await run.exited;
    const records = run.output
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(records).toContainEqual(expect.objectContaining({ process: "ingest", msg: "listening", level: "info" }));
    expect(records).toContainEqual(expect.objectContaining({ process: "edge", msg: "ready" }));
  });
});
