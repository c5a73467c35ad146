import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMetrics, readSettings } from "@lianmai/process";
import { startStage } from "../stage/start-stage.ts";
import { eventually, silentLogger } from "./redis.ts";

/** A stage on free ports, asked as an edge asks it. */
export interface TestStage {
  readonly url: string;
  readonly mediaPort: number;
  readonly token: string;
  /** One call with the node's token. */
  call(
    method: string,
    path: string,
    options?: { readonly headers?: Readonly<Record<string, string>>; readonly body?: string },
  ): Promise<Response>;
  metrics(): Promise<string>;
  stop(): Promise<void>;
}

/** Starts the stage inside the test's process; resolves once it has reached Redis. */
export async function startTestStage(
  redisUrl: string,
  options: { readonly env?: Readonly<Record<string, string>> } = {},
): Promise<TestStage> {
  const directory = await mkdtemp(join(tmpdir(), "stage-data-"));
  const settings = readSettings({
    STAGE_HTTP_PORT: "0",
    MEDIA_PORT: "0",
    DATA_DIR: directory,
    REDIS_URL: redisUrl,
    ...options.env,
  });
  const stage = await startStage({ settings, logger: silentLogger, metrics: createMetrics("stage") });
  const url = `http://127.0.0.1:${stage.httpPort}`;
  await eventually(async () => (await fetch(`${url}/readyz`)).ok);
  return {
    url,
    mediaPort: stage.mediaPort,
    token: stage.nodeToken,
    call: (method, path, { headers, body } = {}) =>
      fetch(url + path, {
        method,
        headers: { "x-lianmai-node-token": stage.nodeToken, ...headers },
        ...(body !== undefined && { body }),
      }),
    metrics: async () => await (await fetch(`${url}/metrics`)).text(),
    async stop() {
      await stage.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
