import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { connectRedis, createLogger } from "@lianmai/process";
import { freePort } from "@lianmai/process/testing/redis-server";

/** A Redis with an append-only file, as the service runs it, that can be killed and comes back with what it had saved. */
export async function startOwnRedis(directory: string) {
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const options = ["--port", String(port), "--bind", "127.0.0.1", "--dir", directory, "--save", ""];
  let kills = 0;
  let killing = Promise.resolve();
  let server: ChildProcess;
  const start = async () => {
    server = spawn("redis-server", [...options, "--appendonly", "yes", "--appendfsync", "everysec"], {
      stdio: "ignore",
    });
    const probe = connectRedis(url, { logger: createLogger({ process: "probe", level: "silent" }), role: "commands" });
    while ((await probe.ping().catch(() => "")) !== "PONG") await sleep(50);
    probe.disconnect();
  };
  const end = async () => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const gone = once(server, "exit");
    server.kill("SIGKILL");
    await gone;
  };
  await start();
  return {
    url,
    kills: () => kills,
    kill() {
      kills += 1;
      killing = killing.then(async () => {
        await end();
        await sleep(200);
        await start();
      });
      return killing;
    },
    stop: end,
  };
}
