import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMetrics, systemClock } from "@lianmai/process";
import type { BodyOf } from "../protocol/room/entry.ts";
import { createRoomParts, type RoomParts } from "../room/create-room-parts.ts";
import type { AdmissionHook, Draft, Speaker } from "../room/room-log.ts";
import { eventually, silent, type TestRedis } from "./redis.ts";

/** Room log, archive and all that is between, without a gateway. */
export interface TestRoom extends RoomParts {
  readonly dataDir: string;
  stop(): Promise<void>;
}

/** Starts the parts against a Redis; `dataDir` takes over the files of one before. */
export async function startTestRoom(
  redis: TestRedis,
  options: { readonly dataDir?: string; readonly hooks?: readonly AdmissionHook[] } = {},
): Promise<TestRoom> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), "edge-room-")));
  const parts = createRoomParts({
    ...{ dataDir, redisUrl: redis.url, clock: systemClock, logger: silent, hooks: options.hooks ?? [] },
    metrics: createMetrics("test"),
  });
  await eventually(() => parts.redis.status === "ready");
  return {
    ...parts,
    dataDir,
    async stop() {
      await parts.stop();
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** A signed-in viewer. */
export const viewer = (id: string, changes: Partial<Speaker> = {}): Speaker => ({
  ...{ id, name: id, role: "viewer", version: 0, isMember: false, followsSinceMs: null, isKnown: true },
  ...changes,
});

/** A text by a fresh id. */
export const text = (said: string, cid = `cid-${randomUUID()}`): Draft<"text"> => ({
  cid,
  kind: "text",
  body: { text: said } satisfies BodyOf<"text">,
});
