import type { Metrics } from "@lianmai/process";

/** Figures of the gateway. */
export interface GatewayMetrics {
  connected(by: "websocket" | "events"): void;
  closed(code: number): void;
  nacked(code: string): void;
  faulted(code: string): void;
  published(ms: number): void;
  batch(members: number, entries: number): void;
  resumed(from: "memory" | "log", skipped: boolean): void;
}

/** Registers the figures; `connections` and `lagging` are read when asked for. */
export function createGatewayMetrics(
  metrics: Metrics,
  now: { readonly connections: () => number; readonly lagging: () => number },
): GatewayMetrics {
  const connects = metrics.counter("lianmai_edge_room_connects_total", "Connections to rooms.", ["by"]);
  const closes = metrics.counter("lianmai_edge_room_closes_total", "Room connections closed, by close code.", ["code"]);
  const nacks = metrics.counter("lianmai_edge_room_nacks_total", "Publications refused, by code.", ["code"]);
  const faults = metrics.counter("lianmai_edge_room_faults_total", "Frames refused, by code.", ["code"]);
  const deliveries = metrics.counter("lianmai_edge_room_deliveries_total", "Entries written to members.");
  const batches = metrics.counter("lianmai_edge_room_batches_total", "Batches built.");
  const resumes = metrics.counter("lianmai_edge_room_resumes_total", "Resumes by where they were served from.", [
    "from",
    "skipped",
  ]);
  const acks = metrics.histogram(
    "lianmai_edge_room_publish_seconds",
    "Time from a publication to its place.",
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2],
  );
  metrics.gauge("lianmai_edge_room_connections", "Open room connections.", [], (gauge) => gauge.set(now.connections()));
  metrics.gauge("lianmai_edge_room_lagging", "Members that are being caught up.", [], (gauge) =>
    gauge.set(now.lagging()),
  );
  return {
    connected: (by) => connects.inc({ by }),
    closed: (code) => closes.inc({ code: String(code) }),
    nacked: (code) => nacks.inc({ code }),
    faulted: (code) => faults.inc({ code }),
    published: (ms) => acks.observe(ms / 1_000),
    batch(members, entries) {
      batches.inc();
      deliveries.inc(members * entries);
    },
    resumed: (from, skipped) => resumes.inc({ from, skipped: String(skipped) }),
  };
}
