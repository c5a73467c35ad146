import { readFileSync } from "node:fs";
import type { Redis } from "@lianmai/process";

const SCRIPT = readFileSync(new URL("./claim-program.lua", import.meta.url), "utf8");

/** A lease dies this long after its last renewal; renewed every third of it. */
export const LEASE_TTL_MS = 3_000;

const keys = (room: string) => [`transcode:lease:${room}`, `transcode:epoch:${room}`] as const;

/** Takes the lease on a room's program: its new epoch, or null when another instance holds it. */
export async function claimProgram(redis: Redis, room: string, owner: string): Promise<number | null> {
  const reply = await redis.eval(SCRIPT, 2, ...keys(room), owner, LEASE_TTL_MS, "take");
  return typeof reply === "number" ? reply : null;
}

/** Keeps the lease: false when another instance has taken it. Throws when Redis is away. */
export async function renewProgram(redis: Redis, room: string, owner: string): Promise<boolean> {
  return (await redis.eval(SCRIPT, 2, ...keys(room), owner, LEASE_TTL_MS, "renew")) !== "lost";
}

/** Gives the lease up, if it is ours. */
export async function releaseProgram(redis: Redis, room: string, owner: string): Promise<void> {
  const [lease] = keys(room);
  if ((await redis.get(lease)) === owner) await redis.del(lease);
}
