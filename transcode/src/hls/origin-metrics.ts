/** The origin's Prometheus metrics. */
import type { Metrics } from "@lianmai/process";
import type { PublishedPart } from "./origin-program-options.ts";
import type { Target } from "./paths.ts";
import type { ServeCounters } from "./serve-program.ts";

export interface OriginMetrics extends ServeCounters {
  published(part: PublishedPart): void;
}

interface Observed {
  readonly programs: () => number;
  readonly waiting: () => ReadonlyArray<{
    readonly multivariant: number;
    readonly playlist: number;
    readonly part: number;
  }>;
}

const DELAY_BUCKETS_SECONDS = [0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 2, 5];
const WAITING_KINDS = ["multivariant", "playlist", "part"] as const;

/** Registers them; without `metrics`, counts nothing. */
export function createOriginMetrics(metrics: Metrics | undefined, observed: Observed): OriginMetrics {
  if (!metrics) return { answered: () => undefined, published: () => undefined };
  const requests = metrics.counter("lianmai_origin_requests_total", "Requests answered by the origin", [
    "kind",
    "status",
  ]);
  const sent = metrics.counter("lianmai_origin_sent_bytes_total", "Bytes of bodies before compression", ["kind"]);
  const parts = metrics.counter("lianmai_origin_parts_total", "Parts published", ["rung"]);
  const delay = metrics.histogram(
    "lianmai_origin_part_delay_seconds",
    "From the end of a part's time to its publication",
    DELAY_BUCKETS_SECONDS,
    ["rung"],
  );
  metrics.gauge("lianmai_origin_programs", "Programs served, ended ones included", [], (gauge) =>
    gauge.set(observed.programs()),
  );
  metrics.gauge("lianmai_origin_waiting_requests", "Requests parked until media appears", ["kind"], (gauge) => {
    const waiting = observed.waiting();
    for (const kind of WAITING_KINDS) {
      gauge.set(
        { kind },
        waiting.reduce((sum, counts) => sum + counts[kind], 0),
      );
    }
  });
  return {
    answered(kind: Target["kind"] | "other", status: number, sizeBytes: number) {
      requests.inc({ kind, status });
      if (sizeBytes > 0) sent.inc({ kind }, sizeBytes);
    },
    published(part) {
      parts.inc({ rung: part.rung });
      delay.observe({ rung: part.rung }, Math.max(0, part.delayMs) / 1_000);
    },
  };
}
