import { performance } from "node:perf_hooks";
import type { Clock, Metrics } from "@lianmai/process";
import type { Viewers } from "../live/viewers.ts";
import { type BusyStretch, startBusyStretch } from "./busy-stretch.ts";
import type { CoalesceCounts } from "./coalesce.ts";
import { MAX_STRETCH_MS, type Pressure } from "./pressure.ts";

/** What the delivery reports as it happens. */
export interface DeliveryMetrics {
  answered(status: number): void;
  /** One answer has been handed to all its waiters within this time. */
  burst(durationMs: number): void;
  shed(): void;
  slowClient(): void;
  originFailure(kind: string): void;
  stop(): void;
}

/** The event loop is looked at this often: its lateness is how long sockets waited to be served. */
const LOOP_CHECK_MS = 25;
const MOVE_EVERY_TURNS = 10;
const DELAY_BUCKETS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5];

/** Makes the delivery's metrics and feeds `pressure` with bursts, lateness and busy stretches of the event loop. */
export function createDeliveryMetrics(
  metrics: Metrics,
  parts: {
    readonly cache: {
      readonly counts: CoalesceCounts;
      parked(): number;
      readonly flights: number;
      readonly storedBytes: number;
    };
    readonly viewers: Viewers;
    readonly clock: Clock;
    readonly pressure: Pressure;
  },
): DeliveryMetrics {
  const { cache, viewers, clock, pressure } = parts;
  const gauge = (name: string, help: string, read: () => number) =>
    metrics.gauge(name, help, [], (made) => made.set(read()));
  gauge("lianmai_edge_parked_requests", "Requests waiting for an answer of the origin.", () => cache.parked());
  gauge("lianmai_edge_upstream_open", "Fetches from origins that are under way.", () => cache.flights);
  gauge("lianmai_edge_cache_bytes", "Bytes of answers kept.", () => cache.storedBytes);
  gauge("lianmai_edge_viewers_known", "Viewers remembered, by id or address.", () => viewers.size);
  gauge("lianmai_edge_shedding", "1 while new viewers are refused.", () =>
    Number(pressure.shedding(clock.monotonicMs())),
  );
  const requests = metrics.counter("lianmai_edge_live_requests_total", "Live requests answered, by status.", [
    "status",
  ]);
  const outcomes = metrics.counter(
    "lianmai_edge_cache_total",
    "Live requests by outcome: hit, coalesced with another, or fetched upstream.",
    ["outcome"],
  );
  const shed = metrics.counter("lianmai_edge_shed_total", "Requests refused because the edge was full or late.");
  const slow = metrics.counter(
    "lianmai_edge_slow_clients_total",
    "Connections dropped because the client did not read.",
  );
  const failures = metrics.counter("lianmai_edge_origin_failures_total", "Failed fetches from origins.", ["kind"]);
  const bursts = metrics.histogram(
    "lianmai_edge_part_delay_seconds",
    "From an answer's arrival to its last write to those who waited.",
    DELAY_BUCKETS,
  );
  const loop = metrics.histogram("lianmai_edge_loop_delay_seconds", "Lateness of the event loop.", DELAY_BUCKETS);

  // hot-path counts are plain numbers, moved into the registry by the timer
  const byStatus = new Map<number, number>();
  const moved: CoalesceCounts = { hits: 0, coalesced: 0, upstream: 0 };
  const move = () => {
    for (const [status, count] of byStatus) if (count > 0) requests.inc({ status: String(status) }, count);
    byStatus.clear();
    for (const outcome of ["hits", "coalesced", "upstream"] as const) {
      outcomes.inc({ outcome }, cache.counts[outcome] - moved[outcome]);
      moved[outcome] = cache.counts[outcome];
    }
  };
  const stretches = metrics.histogram(
    "lianmai_edge_busy_seconds",
    "Time the event loop has gone without a rest: how long the last of a crowd waits for its part.",
    DELAY_BUCKETS,
  );
  let stretch: BusyStretch = startBusyStretch();
  let utilization = performance.eventLoopUtilization();
  const busyMs = (): number => {
    const now = performance.eventLoopUtilization();
    const { active, idle } = performance.eventLoopUtilization(now, utilization);
    utilization = now;
    stretch = stretch.after({ activeMs: active, idleMs: idle });
    return stretch.lengthMs;
  };
  let expectedMs = clock.monotonicMs() + LOOP_CHECK_MS;
  let turns = 0;
  const timer = setInterval(() => {
    const nowMs = clock.monotonicMs();
    const lateMs = Math.max(0, nowMs - expectedMs);
    expectedMs = nowMs + LOOP_CHECK_MS;
    loop.observe(lateMs / 1_000);
    pressure.observe(lateMs, nowMs);
    const withoutRestMs = busyMs();
    stretches.observe(withoutRestMs / 1_000);
    pressure.observe(withoutRestMs, nowMs, MAX_STRETCH_MS);
    turns += 1;
    if (turns % MOVE_EVERY_TURNS === 0) move();
  }, LOOP_CHECK_MS).unref();

  return {
    answered: (status) => void byStatus.set(status, (byStatus.get(status) ?? 0) + 1),
    burst(durationMs) {
      bursts.observe(durationMs / 1_000);
      pressure.observe(durationMs, clock.monotonicMs());
    },
    shed: () => shed.inc(),
    slowClient: () => slow.inc(),
    originFailure: (kind) => failures.inc({ kind }),
    stop: () => clearInterval(timer),
  };
}
