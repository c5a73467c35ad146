import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMetrics, readSettings } from "@lianmai/process";
import { startIngest } from "../ingest.ts";
import type { RtmpLimits } from "../rtmp/limits.ts";
import { silentLogger } from "./redis.ts";

/** An ingest on free ports. */
export interface TestIngest {
  readonly rtmpPort: number;
  readonly httpUrl: string;
  /** The publish address of a stream key. */
  url(key: string): string;
  metrics(): Promise<string>;
  stop(): Promise<void>;
}

/** Starts ingest inside the test's process. */
export async function startTestIngest(
  redisUrl: string,
  options: { readonly limits?: RtmpLimits; readonly maxPublishers?: number } = {},
): Promise<TestIngest> {
  const directory = await mkdtemp(join(tmpdir(), "ingest-data-"));
  const settings = readSettings({
    RTMP_HOST: "127.0.0.1",
    RTMP_PORT: "0",
    INGEST_HTTP_PORT: "0",
    DATA_DIR: directory,
    REDIS_URL: redisUrl,
    MAX_PUBLISHERS: `${options.maxPublishers ?? 16}`,
  });
  const ingest = await startIngest({ settings, logger: silentLogger, metrics: createMetrics("ingest") }, options);
  return describe(ingest.rtmpPort, ingest.httpPort, async () => {
    await ingest.stop();
    await rm(directory, { recursive: true, force: true });
  });
}

/** Ingest as its own process. */
export interface TestIngestProcess extends TestIngest {
  readonly child: ChildProcess;
  readonly log: () => string;
}

/** Starts `main.ts` as its own process; SIGUSR2 lets it collect garbage. */
export async function startIngestProcess(
  redisUrl: string,
  options: { readonly dataDir: string; readonly rtmpPort?: number },
): Promise<TestIngestProcess> {
  const environment = {
    RTMP_HOST: "127.0.0.1",
    RTMP_PORT: options.rtmpPort ?? 0,
    INGEST_HTTP_PORT: 0,
    DATA_DIR: options.dataDir,
    REDIS_URL: redisUrl,
  };
  const file = join(options.dataDir, `test-${process.hrtime.bigint()}.env`);
  await writeFile(
    file,
    Object.entries(environment)
      .map(([name, value]) => `${name}=${value}`)
      .join("\n"),
  );
  const here = (path: string) => new URL(path, import.meta.url).pathname;
  const child = spawn(
    process.execPath,
    [`--env-file=${file}`, "--import", "@lianmai/process/testing/collect-on-signal", here("../main.ts")],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  let log = "";
  const listening = Promise.withResolvers<{ rtmpPort: number; httpPort: number }>();
  child.stdout.on("data", (data: Buffer) => {
    log += data.toString();
    const line = log.split("\n").find((text) => text.includes("ingest is listening"));
    if (line?.endsWith("}")) listening.resolve(JSON.parse(line));
  });
  child.once("exit", (code) => listening.reject(new Error(`ingest exited with ${code}: ${log}`)));
  const { rtmpPort, httpPort } = await listening.promise;
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    await exited;
  };
  return { ...describe(rtmpPort, httpPort, stop), child, log: () => log };
}

function describe(rtmpPort: number, httpPort: number, stop: () => Promise<void>): TestIngest {
  const httpUrl = `http://127.0.0.1:${httpPort}`;
  return {
    rtmpPort,
    httpUrl,
    url: (key) => `rtmp://127.0.0.1:${rtmpPort}/live/${key}`,
    metrics: async () => await (await fetch(`${httpUrl}/metrics`)).text(),
    stop,
  };
}
