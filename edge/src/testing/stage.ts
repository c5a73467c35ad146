import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StageReply, StageRequest } from "@lianmai/ingest/signalling";
import { STAGE_NODES_REDIS_KEY } from "@lianmai/ingest/stage";
import type { Session } from "../protocol/api.ts";
import type { TestEdge } from "./edge.ts";
import { eventually, type TestRedis } from "./redis.ts";

/** A stage process as an installation runs it, found by the edge through Redis. */
export async function startStageProcess(
  redis: TestRedis,
  settings: Readonly<Record<string, string>> = {},
): Promise<{ stop(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), "stage-process-"));
  const module = join(import.meta.dirname, "../../../ingest/src/stage/main.ts");
  const child: ChildProcess = spawn(process.execPath, [module], {
    stdio: "ignore",
    env: {
      ...{ REDIS_URL: redis.url, DATA_DIR: directory, STAGE_HTTP_PORT: "0", MEDIA_PORT: "0", MEDIA_HOST: "127.0.0.1" },
      ...settings,
    },
  });
  await eventually(async () => (await redis.client.smembers(STAGE_NODES_REDIS_KEY)).length > 0);
  return {
    async stop() {
      const gone = once(child, "exit");
      child.kill("SIGTERM");
      await gone;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Somebody signed in and connected to a room's stage, as the studio is. */
export interface StageVisitor {
  readonly replies: readonly StageReply[];
  send(request: StageRequest): Promise<number>;
  /** Answers what became of a command. */
  command(command: Extract<StageRequest, { kind: "command" }>["command"]): Promise<string>;
  leave(): void;
}

/** Opens the stage's events through the edge. */
export async function visitStage(edge: TestEdge, who: Session, slug: string): Promise<StageVisitor> {
  const gone = new AbortController();
  const headers = { authorization: `Bearer ${who.token}` };
  const base = `${edge.url}/api/v1/rooms/${slug}/stage`;
  const response = await fetch(`${base}/events`, { headers, signal: gone.signal });
  if (!response.ok || !response.body) throw new Error(`${response.status} ${await response.text()}`);
  const replies: StageReply[] = [];
  void read(response.body, replies).catch(() => {});
  const welcome = await eventually(() => replies.find((reply) => reply.kind === "welcome"));
  let commands = 0;
  const send: StageVisitor["send"] = async (request) => {
    const answer = await fetch(`${base}/requests/${welcome.connectionId}`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify(request),
    });
    return answer.status;
  };
  return {
    ...{ replies, send },
    async command(command) {
      commands += 1;
      const commandId = commands;
      const status = await send({ kind: "command", commandId, command });
      if (status !== 202) return String(status);
      const result = await eventually(() =>
        replies.find((reply) => reply.kind === "result" && reply.commandId === commandId),
      );
      return result.kind === "result" ? result.code : "";
    },
    leave: () => gone.abort(),
  };
}

async function read(body: ReadableStream<Uint8Array>, replies: StageReply[]): Promise<void> {
  let rest = "";
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n\n");
    rest = parts.pop() ?? "";
    for (const part of parts) replies.push(JSON.parse(part.slice("data: ".length)) as StageReply);
  }
}
