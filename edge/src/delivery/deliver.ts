import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock, Logger, Metrics } from "@lianmai/process";
import type { ProgramRecord } from "@lianmai/transcode/contract";
import type { ProblemCode } from "../errors.ts";
import type { Viewers } from "../live/viewers.ts";
import { type Answer, answerFrom, problemAnswer, writeAnswer } from "./answer.ts";
import { createCoalescingCache } from "./coalesce.ts";
import { createDeliveryMetrics } from "./delivery-metrics.ts";
import { createOriginClient, OriginFailure } from "./fetch-origin.ts";
import { type LiveTarget, parseTarget } from "./parse-target.ts";
import { createPressure, type Pressure } from "./pressure.ts";

/** Answers `/live/*` from the programs' origins. Media bytes pass through here and nothing else does. */
export interface Delivery {
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** Answers all who wait with 503 and refuses what comes after. */
  stop(): void;
}

/** Bounds, for tests; the defaults are what runs. */
export interface DeliveryLimits {
  readonly cacheBytes?: number;
  readonly maxFlights?: number;
  /** Nobody is shed below this many viewers: then the lateness is not theirs. */
  readonly minViewersToShed?: number;
}

const CACHE_BYTES = 192 * 1_024 * 1_024;
const MAX_FLIGHTS = 1_000;
const MIN_VIEWERS_TO_SHED = 100;
/** Shed viewers come back after two to six seconds, not all at once. */
const SHED_RETRY_MS = { least: 2_000, spread: 4_000 } as const;
const ORIGIN_RETRY_MS = 1_000;

const PREFLIGHT = [
  "access-control-allow-origin",
  "*",
  "access-control-allow-methods",
  "GET, HEAD, OPTIONS",
  "access-control-allow-headers",
  "*",
  "access-control-max-age",
  "86400",
  "allow",
  "GET, HEAD, OPTIONS",
];

/** A parked request. */
interface Parked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Makes the delivery; `program` looks a room's program up in memory. */
export function createDelivery(parts: {
  readonly program: (room: string) => ProgramRecord | undefined;
  readonly viewers: Viewers;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Address of a request's client, for viewers without an id. */
  readonly addressOf: (request: IncomingMessage) => string;
  readonly pressure?: Pressure;
  readonly random?: () => number;
  readonly limits?: DeliveryLimits;
}): Delivery {
  const { program, viewers, clock, logger, addressOf, pressure = createPressure(), random = Math.random } = parts;
  const { cacheBytes = CACHE_BYTES, maxFlights = MAX_FLIGHTS, minViewersToShed = MIN_VIEWERS_TO_SHED } = parts.limits ?? {};
  const origins = createOriginClient();
  const cache = createCoalescingCache<Parked>({ maxBytes: cacheBytes, maxFlights, deliver });
  const count = createDeliveryMetrics(parts.metrics, { cache, viewers, clock, pressure });
  const refusals = new Map<ProblemCode, Answer>();
  let stopped = false;

  function write({ request, response }: Parked, answer: Answer): void {
    count.answered(answer.status);
    if (!writeAnswer(request, response, answer, { nowMs: clock.monotonicMs() })) count.slowClient();
  }
  function deliver(waiters: ReadonlySet<Parked>, answer: Answer): void {
    if (waiters.size === 0) return;
    const startedMs = clock.monotonicMs();
    for (const waiter of waiters) write(waiter, answer);
    count.burst(clock.monotonicMs() - startedMs);
  }
  const refuse = (parked: Parked, code: ProblemCode) => {
    let answer = refusals.get(code);
    if (!answer) refusals.set(code, (answer = problemAnswer(code)));
    write(parked, answer);
  };
  const shed = (parked: Parked) => {
    count.shed();
    const retryAfterMs = SHED_RETRY_MS.least + random() * SHED_RETRY_MS.spread;
    write(parked, problemAnswer("overloaded", { retryAfterMs }));
  };
  /** Notes the viewer of a playlist request; false when it is new and there is no room for it. */
  const admit = (request: IncomingMessage, { room, viewer, kind }: LiveTarget): boolean => {
    const nowMs = clock.monotonicMs();
    const identity = viewer || addressOf(request);
    const crowded = viewers.size >= minViewersToShed && pressure.shedding(nowMs);
    if (crowded && !viewers.knows(room, identity, nowMs)) return false;
    viewers.seen(room, identity, { watching: kind === "media-playlist", nowMs });
    return true;
  };
  const fetchFrom = (record: ProgramRecord, target: string, gzip: boolean) => async (signal: AbortSignal) => {
    try {
      const request = { originUrl: record.originUrl, target, gzip, headersBudgetMs: headersBudgetMs(record) };
      return answerFrom(await origins.fetch(request, { signal }), { nowMs: clock.monotonicMs() });
    } catch (error) {
      const kind = error instanceof OriginFailure ? error.kind : "bad";
      if (kind === "aborted") return undefined;
      count.originFailure(kind);
      logger.debug({ err: error, room: record.room, target }, "origin failure");
      return kind === "away" ? problemAnswer("origin-away", { retryAfterMs: ORIGIN_RETRY_MS }) : problemAnswer("origin-bad");
    }
  };
  const serve = (parked: Parked, target: LiveTarget) => {
    const { request, response } = parked;
    const gzip = target.kind !== "media" && acceptsGzip(request.headers["accept-encoding"]);
    const upstream = target.directives === "" ? target.path : `${target.path}?${target.directives}`;
    const key = gzip ? `z${upstream}` : upstream;
    const stored = cache.stored(key, clock.monotonicMs());
    if (stored) {
      write(parked, stored);
      return;
    }
    const record = program(target.room);
    if (!record) {
      refuse(parked, "program-not-found");
      return;
    }
    const fetch = fetchFrom(record, upstream, gzip);
    const flight = cache.wait(key, parked, { fetch, abandon: target.kind !== "media" });
    if (!flight) shed(parked);
    else response.once("close", () => flight.leave(parked));
  };
  return {
    handle(request, response) {
      const parked = { request, response };
      if (request.method === "OPTIONS") {
        response.writeHead(204, PREFLIGHT).end();
        return;
      }
      if (stopped) return refuse(parked, "stopping");
      if (request.method !== "GET" && request.method !== "HEAD") return refuse(parked, "method-not-allowed");
      const target = parseTarget(request.url ?? "");
      if (typeof target === "string") return refuse(parked, target);
      if (target.kind !== "media" && !admit(request, target)) return shed(parked);
      serve(parked, target);
    },
    stop() {
      stopped = true;
      cache.stop(problemAnswer("stopping", { retryAfterMs: ORIGIN_RETRY_MS }));
      origins.close();
      count.stop();
    },
  };
}

const acceptsGzip = (accepted: string | string[] | undefined): boolean =>
  typeof accepted === "string" && accepted.includes("gzip") && !accepted.includes("gzip;q=0");

/** rfc8216bis 6.2.5.2: an origin may hold a request three target durations; one second for the way. */
const headersBudgetMs = ({ segmentFrames, format }: ProgramRecord): number =>
  Math.min(30_000, Math.max(2, Math.ceil(segmentFrames / Math.max(1, format.fps))) * 3_000 + 1_000);
