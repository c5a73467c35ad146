import { createHash } from "node:crypto";
import type { Redis } from "@lianmai/process";
import { Value } from "typebox/value";
import { grantRedisKey, type StreamKeyGrant, streamKeyGrantSchema } from "../contract.ts";

/** What Redis knows of a stream key; `unavailable`: it could not be asked in time. */
export type GrantAnswer =
  | { readonly kind: "known"; readonly grant: StreamKeyGrant }
  | { readonly kind: "unknown" }
  | { readonly kind: "unavailable"; readonly why: string };

/** Longest a publisher waits for the answer. */
export const GRANT_BUDGET_MS = 2_000;

/** SHA-256 (hex) of a stream key: the only form in which keys are kept. */
export const keyHash = (key: string): string => createHash("sha256").update(key).digest("hex");

/** Asks for the grant of one key, within {@link GRANT_BUDGET_MS}. Never rejects. */
export async function lookUpGrant(redis: Redis, hash: string): Promise<GrantAnswer> {
  const { promise: late, resolve } = Promise.withResolvers<GrantAnswer>();
  const timer = setTimeout(() => resolve({ kind: "unavailable", why: "no answer in time" }), GRANT_BUDGET_MS);
  const asked = redis.get(grantRedisKey(hash)).then(readGrant, (error: Error): GrantAnswer => {
    return { kind: "unavailable", why: error.message };
  });
  const answer = await Promise.race([asked, late]);
  clearTimeout(timer);
  return answer;
}

/** Asks for the grants of several keys at once; rejects when Redis is away. */
export async function lookUpGrants(redis: Redis, hashes: readonly string[]): Promise<GrantAnswer[]> {
  if (hashes.length === 0) return [];
  return (await redis.mget(...hashes.map(grantRedisKey))).map(readGrant);
}

function readGrant(record: string | null): GrantAnswer {
  if (record === null) return { kind: "unknown" };
  try {
    const grant: unknown = JSON.parse(record);
    if (Value.Check(streamKeyGrantSchema, grant)) return { kind: "known", grant };
  } catch {
    // Not JSON: told apart from an unknown key below.
  }
  return { kind: "unavailable", why: "the key's record cannot be read" };
}
