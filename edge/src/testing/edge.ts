import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMetrics, type Metrics, readSettings } from "@lianmai/process";
import {
  PROGRAMS_REDIS_KEY,
  type ProgramRecord,
  programRedisKey,
  TRANSCODE_EVENTS_CHANNEL,
} from "@lianmai/transcode/contract";
import { createEdge, type Edge, type EdgeOptions } from "../create-edge.ts";
import type { NewStreamKey, Problem, Session } from "../protocol/api.ts";
import { silent, type TestRedis } from "./redis.ts";

/** What an API call of a test brought back. */
export interface Called<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

/** An edge on a free port with a database of its own. */
export interface TestEdge {
  readonly edge: Edge;
  readonly url: string;
  readonly dataDir: string;
  readonly metrics: Metrics;
  /** One API call; the body as JSON both ways. */
  call<Body = Problem>(
    method: string,
    path: string,
    options?: { readonly token?: string; readonly body?: unknown; readonly headers?: Record<string, string> },
  ): Promise<Called<Body>>;
  signUp(name: string): Promise<Session>;
  /** A room with a stream key, made by `token`'s account. */
  room(token: string, slug: string): Promise<NewStreamKey>;
  stop(): Promise<void>;
}

/** Password of the tests' accounts. */
export const PASSWORD = "correct horse battery";

/** Starts an edge; `dataDir` takes over the database of one before, and is kept at its end. */
export async function startTestEdge(
  redis: TestRedis,
  options: EdgeOptions & { readonly dataDir?: string; readonly env?: Record<string, string> } = {},
): Promise<TestEdge> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), "edge-data-")));
  const settings = readSettings({
    HTTP_HOST: "127.0.0.1",
    HTTP_PORT: "0",
    DATA_DIR: dataDir,
    REDIS_URL: redis.url,
    ADMIN_PASSWORD: PASSWORD,
    ...options.env,
  });
  const metrics = createMetrics("edge");
  const edge = await createEdge({ settings, logger: silent, metrics }, options);
  const call: TestEdge["call"] = async (method, path, { token, body, headers } = {}) => {
    const response = await fetch(edge.url + path, {
      method,
      redirect: "manual",
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: isJson(response) && text !== "" ? JSON.parse(text) : (text as never),
    };
  };
  return {
    edge,
    url: edge.url,
    dataDir,
    metrics,
    call,
    async signUp(name) {
      return (await call<Session>("POST", "/api/v1/users", { body: { name, password: PASSWORD } })).body;
    },
    async room(token, slug) {
      await call("POST", "/api/v1/rooms", { token, body: { slug, title: `Room ${slug}` } });
      const path = `/api/v1/rooms/${slug}/stream-keys`;
      return (await call<NewStreamKey>("POST", path, { token, body: { label: "OBS" } })).body;
    },
    async stop() {
      await edge.stop();
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
    },
  };
}

const isJson = (response: Response): boolean => (response.headers.get("content-type") ?? "").includes("json");

/** A program's record as transcode writes it. */
export function programRecord(room: string, changes: Partial<ProgramRecord> = {}): ProgramRecord {
  const nowMs = Date.now();
  return {
    room,
    programId: `p-${room}`,
    epoch: 1,
    at: "live",
    sinceMs: nowMs,
    startedAtMs: nowMs,
    originUrl: "http://127.0.0.1:9",
    format: { width: 1_280, height: 720, fps: 30 },
    partFrames: 10,
    segmentFrames: 60,
    rungs: [
      { name: "720p", width: 1_280, height: 720, fps: 30, videoBitsPerSecond: 2_500_000, audioBitsPerSecond: 128_000 },
      { name: "360p", width: 640, height: 360, fps: 30, videoBitsPerSecond: 600_000, audioBitsPerSecond: 128_000 },
      { name: "audio", width: 0, height: 0, fps: 0, videoBitsPerSecond: 0, audioBitsPerSecond: 128_000 },
    ],
    shed: [],
    ladderNote: "",
    encoder: "libx264",
    updatedAtMs: nowMs,
    ...changes,
  };
}

/** Announces a program as transcode does: record, set, event. */
export async function announceProgram(redis: TestRedis, program: ProgramRecord): Promise<void> {
  const pipeline = redis.client.pipeline();
  pipeline.set(programRedisKey(program.room), JSON.stringify(program));
  if (program.at === "ended") pipeline.srem(PROGRAMS_REDIS_KEY, program.room);
  else pipeline.sadd(PROGRAMS_REDIS_KEY, program.room);
  pipeline.publish(TRANSCODE_EVENTS_CHANNEL, JSON.stringify({ kind: "program", program }));
  await pipeline.exec();
}
