/** The only importer of @fastify/rate-limit. Counts are in memory: each edge process counts by itself. */
import rateLimit, { type RateLimitOptions } from "@fastify/rate-limit";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { ProblemError } from "../errors.ts";
import type { Authenticate } from "./authenticate.ts";

/** Requests allowed in each window. */
export interface RateLimits {
  readonly signInPerMinute: number;
  readonly signUpPerHour: number;
  readonly writesPerMinute: number;
  /** Gifts and paid messages of one account: a combo is many of them. */
  readonly giftsPerMinute: number;
  readonly paymentsPerMinute: number;
  /** Of everything under /api by one address. */
  readonly requestsPerMinute: number;
}

export const DEFAULT_RATE_LIMITS: RateLimits = {
  signInPerMinute: 30,
  signUpPerHour: 30,
  writesPerMinute: 120,
  giftsPerMinute: 900,
  paymentsPerMinute: 3_000,
  requestsPerMinute: 3_000,
};

/** Route configurations that limit; used as `config: { rateLimit: limits.write }`. */
export interface RouteLimits {
  readonly signIn: RateLimitOptions;
  readonly signUp: RateLimitOptions;
  /** By account where signed in, else by address. */
  readonly write: RateLimitOptions;
  /** As `write`. */
  readonly gift: RateLimitOptions;
  readonly payment: RateLimitOptions;
}

const MINUTE_MS = 60_000;
const MAX_SUBJECTS = 20_000;

/** Limits all routes by address and makes the narrower limits for single routes. */
export async function registerRateLimits(
  app: FastifyInstance,
  options: { readonly limits: RateLimits; readonly authenticate: Authenticate },
): Promise<RouteLimits> {
  const { limits, authenticate } = options;
  const refuse = (_request: FastifyRequest, { ttl }: { ttl: number }) =>
    new ProblemError("too-many-requests", { retryAfterMs: ttl });
  await app.register(rateLimit, {
    global: true,
    max: limits.requestsPerMinute,
    timeWindow: MINUTE_MS,
    cache: MAX_SUBJECTS,
    errorResponseBuilder: refuse,
    allowList: (request) => !request.url.startsWith("/api/"),
  });
  const byAddress = (groupId: string, max: number, timeWindow: number): RateLimitOptions => ({
    max,
    timeWindow,
    groupId,
    allowList: [],
    errorResponseBuilder: refuse,
  });
  const byAccount = (groupId: string, max: number): RateLimitOptions => ({
    ...byAddress(groupId, max, MINUTE_MS),
    keyGenerator: async (request) => {
      const signedIn = await authenticate.optional(request).catch(() => undefined);
      return signedIn ? `user ${signedIn.user.id}` : `address ${request.ip}`;
    },
  });
  return {
    signIn: byAddress("sign-in", limits.signInPerMinute, MINUTE_MS),
    signUp: byAddress("sign-up", limits.signUpPerHour, 60 * MINUTE_MS),
    write: byAccount("write", limits.writesPerMinute),
    gift: byAccount("gift", limits.giftsPerMinute),
    payment: byAddress("payment", limits.paymentsPerMinute, MINUTE_MS),
  };
}
