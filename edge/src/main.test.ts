import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort, startTestRedis, type TestRedis } from "./testing/redis.ts";

let redis: TestRedis;
let dataDir: string;
beforeAll(async () => {
  redis = await startTestRedis();
  dataDir = await mkdtemp(join(tmpdir(), "edge-main-"));
});
afterAll(async () => {
  await redis.stop();
  await rm(dataDir, { recursive: true, force: true });
});

const start = (port: number) =>
  fork(join(import.meta.dirname, "main.ts"), [], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: {
      PATH: process.env["PATH"],
      HTTP_HOST: "127.0.0.1",
      HTTP_PORT: String(port),
      DATA_DIR: dataDir,
      REDIS_URL: redis.url,
    },
  });

/** Messages of a process up to `ready`. */
const messagesOf = async (child: ReturnType<typeof start>) => {
  const messages: { kind: string; password?: string }[] = [];
  while (messages.at(-1)?.kind !== "ready") messages.push(((await once(child, "message")) as [{ kind: string }])[0]);
  return messages;
};

describe("the edge process", () => {
  it("tells its supervisor the first password once, serves, stops on SIGTERM and survives kill -9", async () => {
    const port = await freePort();
    const first = start(port);
    const [announced] = await messagesOf(first);
    expect(announced?.kind).toBe("admin-password");
    const url = `http://127.0.0.1:${port}`;
    const body = JSON.stringify({ name: "admin", password: announced?.password });
    const signIn = () =>
      fetch(`${url}/api/v1/sessions`, { method: "POST", headers: { "content-type": "application/json" }, body });
    expect((await signIn()).status).toBe(201);
    first.kill("SIGKILL");
    await once(first, "exit");

    const second = start(port);
    expect((await messagesOf(second)).map(({ kind }) => kind)).toEqual(["ready"]);
    expect((await signIn()).status).toBe(201);
    second.kill("SIGTERM");
    expect(await once(second, "exit")).toEqual([0, null]);
  });

  it("says in one line that its port is taken, and ends", async () => {
    const port = await freePort();
    const holder = start(port);
    await messagesOf(holder);
    const late = start(port);
    let output = "";
    late.stdout?.on("data", (chunk) => {
      output += chunk;
    });
    expect(await once(late, "exit")).toEqual([1, null]);
    expect(output).toContain("EADDRINUSE");
    holder.kill("SIGTERM");
    await once(holder, "exit");
  });
});
