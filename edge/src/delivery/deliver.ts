import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock, Logger, Metrics } from "@lianmai/process";
import type { ProgramRecord } from "@lianmai/transcode/contract";
import type { ProblemCode } from "../errors.ts";
import type { Viewers } from "../live/viewers.ts";
import { type Answer, problemAnswer, writeAnswer } from "./answer.ts";
import { createCoalescingCache } from "./coalesce.ts";
import { createDeliveryMetrics } from "./delivery-metrics.ts";
import { createOriginAnswers, ORIGIN_RETRY_MS } from "./origin-answers.ts";
import { type LiveTarget, namesPlaylistOf, parseTarget } from "./parse-target.ts";
import { createPressure, type Pressure } from "./pressure.ts";

/** Answers `/live/*` from the programs' origins. Media bytes pass through here and nothing else does. */
export interface Delivery {
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** A connection was dropped because nothing was read or written for too long. */
  stuck(): void;
  /** Answers all who wait with 503 and refuses what comes after. */
  stop(): void;
}

/** Bounds, for tests; the defaults are what runs. */
export interface DeliveryLimits {
  readonly cacheBytes?: number;
  readonly maxFlights?: number;
  /** Nobody is shed below this many viewers: then the lateness is not theirs. */
  readonly minViewersToShed?: number;
  readonly unreadTimeoutMs?: number;
}

const CACHE_BYTES = 192 * 1_024 * 1_024;
const MAX_FLIGHTS = 1_000;
const MIN_VIEWERS_TO_SHED = 100;
/** Shed viewers come back after two to six seconds, not all at once. */
const SHED_RETRY_MS = { least: 2_000, spread: 4_000 } as const;

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
  /** Wall time until which the viewer is kept out of the room, undefined for those who may watch. */
  readonly removedUntil?: (room: string, request: IncomingMessage, playlist: boolean) => number | undefined;
  /** Address of a request's client, for viewers without an id. */
  readonly addressOf: (request: IncomingMessage) => string;
  readonly pressure?: Pressure;
  readonly random?: () => number;
  readonly limits?: DeliveryLimits;
}): Delivery {
  const {
    program,
    viewers,
    clock,
    logger,
    addressOf,
    removedUntil,
    pressure = createPressure(),
    random = Math.random,
  } = parts;
  const {
    cacheBytes = CACHE_BYTES,
    maxFlights = MAX_FLIGHTS,
    minViewersToShed = MIN_VIEWERS_TO_SHED,
    unreadTimeoutMs,
  } = parts.limits ?? {};
  const cache = createCoalescingCache<Parked>({ maxBytes: cacheBytes, maxFlights, deliver });
  const count = createDeliveryMetrics(parts.metrics, { cache, viewers, clock, pressure });
  const origins = createOriginAnswers({ clock, logger, onFailure: count.originFailure });
  const refusals = new Map<ProblemCode, Answer>();
  let stopped = false;

  function write({ request, response }: Parked, answer: Answer): void {
    count.answered(answer.status);
    const options = { nowMs: clock.monotonicMs(), ...(unreadTimeoutMs !== undefined && { unreadTimeoutMs }) };
    if (!writeAnswer(request, response, answer, options)) count.slowClient();
  }
  function deliver(waiters: ReadonlySet<Parked>, answer: Answer): void {
    if (waiters.size === 0) return;
    const startedMs = clock.monotonicMs();
    for (const waiter of waiters) write(waiter, answer);
    count.burst(clock.monotonicMs() - startedMs);
  }
  const refuse = (parked: Parked, code: ProblemCode) => {
    const answer = refusals.get(code) ?? problemAnswer(code);
    refusals.set(code, answer);
    write(parked, answer);
  };
  const shed = (parked: Parked) => {
    count.shed();
    const retryAfterMs = SHED_RETRY_MS.least + random() * SHED_RETRY_MS.spread;
    write(parked, problemAnswer("overloaded", { retryAfterMs }));
  };
  /**
   * Notes the viewer of a playlist request; false when it is new and there is no room for it. Who names a place in the
   * playlist has had it before, here or at another edge.
   */
  const admit = (request: IncomingMessage, { room, viewer, kind, directives }: LiveTarget): boolean => {
    const nowMs = clock.monotonicMs();
    const identity = viewer || addressOf(request);
    const crowded = directives === "" && viewers.size >= minViewersToShed && pressure.shedding(nowMs);
    if (crowded && !viewers.knows(room, identity, nowMs)) return false;
    viewers.seen(room, identity, { watching: kind === "media-playlist", nowMs });
    return true;
  };
  const serve = (parked: Parked, target: LiveTarget, record: ProgramRecord) => {
    const gzip = target.kind !== "media" && acceptsGzip(parked.request.headers["accept-encoding"]);
    const upstream = target.directives === "" ? target.path : `${target.path}?${target.directives}`;
    const key = gzip ? `z${upstream}` : upstream;
    const stored = cache.stored(key, clock.monotonicMs());
    if (stored) return write(parked, stored);
    const fetch = (signal: AbortSignal) => origins.ask({ program: record, target: upstream, gzip }, signal);
    // a part that nobody waits for any more will be asked for again at once; a playlist will not
    const flight = cache.wait(key, parked, { fetch, abandon: target.kind !== "media" });
    if (!flight) return shed(parked);
    parked.response.once("close", () => flight.leave(parked));
  };
  const handleGet = (parked: Parked) => {
    const target = parseTarget(parked.request.url ?? "");
    if (typeof target === "string") return refuse(parked, target);
    const removedUntilMs = removedUntil?.(target.room, parked.request, target.kind !== "media");
    if (removedUntilMs !== undefined) return write(parked, removedAnswer(removedUntilMs - clock.wallMs()));
    const record = program(target.room);
    if (!record) return refuse(parked, "program-not-found");
    // what is not there makes nobody a viewer, and is answered as such
    if (namesPlaylistOf(target, record) && !admit(parked.request, target)) return shed(parked);
    serve(parked, target, record);
  };
  return {
    handle(request, response) {
      const parked = { request, response };
      if (request.method === "OPTIONS") response.writeHead(204, PREFLIGHT).end();
      else if (stopped) refuse(parked, "stopping");
      else if (request.method === "GET" || request.method === "HEAD") handleGet(parked);
      else refuse(parked, "method-not-allowed");
    },
    stuck: count.slowClient,
    stop() {
      stopped = true;
      cache.stop(problemAnswer("stopping", { retryAfterMs: ORIGIN_RETRY_MS }));
      origins.close();
      count.stop();
    },
  };
}

/** Without an end, no time to come back is named. */
const MAX_RETRY_MS = 400 * 86_400_000;
const removedAnswer = (leftMs: number): Answer =>
  problemAnswer("removed", leftMs > MAX_RETRY_MS ? {} : { retryAfterMs: leftMs });

const acceptsGzip = (accepted: string | string[] | undefined): boolean =>
  typeof accepted === "string" && accepted.includes("gzip") && !accepted.includes("gzip;q=0");
