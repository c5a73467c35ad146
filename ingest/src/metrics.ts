import type { Metrics } from "@lianmai/process";

/** What ingest counts. Labels are closed sets. */
export interface IngestMetrics {
  refused(reason: string): void;
  violated(reason: string): void;
  ended(reason: string): void;
  received(sizeBytes: number): void;
  dropped(why: "reader" | "empty" | "unreadable" | "before-config", tags: number): void;
}

/** Gauges ask for their value when scraped. */
export interface IngestGauges {
  readonly publishers: () => number;
  readonly connections: () => number;
  readonly pending: () => number;
  readonly readers: () => number;
}

/** Makes the counters; {@link registerGauges} adds the gauges once there is something to ask. */
export function createIngestMetrics(metrics: Metrics): IngestMetrics {
  const refused = metrics.counter("lianmai_ingest_refused_total", "Publish requests refused, by reason.", ["reason"]);
  const violated = metrics.counter("lianmai_ingest_violations_total", "Connections ended for broken RTMP, by reason.", [
    "reason",
  ]);
  const ended = metrics.counter("lianmai_ingest_sessions_ended_total", "Live sessions ended, by reason.", ["reason"]);
  const received = metrics.counter("lianmai_ingest_media_bytes_total", "Media received from live publishers.");
  const dropped = metrics.counter("lianmai_ingest_tags_dropped_total", "Media tags not handed on, by cause.", ["why"]);
  return {
    refused: (reason) => refused.inc({ reason }),
    violated: (reason) => violated.inc({ reason }),
    ended: (reason) => ended.inc({ reason }),
    received: (sizeBytes) => received.inc(sizeBytes),
    dropped: (why, tags) => dropped.inc({ why }, tags),
  };
}

export function registerGauges(metrics: Metrics, gauges: IngestGauges): void {
  const gauge = (name: string, help: string, value: () => number) =>
    metrics.gauge(name, help, [], (self) => self.set(value()));
  gauge("lianmai_ingest_publishers", "Live publishers.", gauges.publishers);
  gauge("lianmai_ingest_connections", "Open RTMP connections.", gauges.connections);
  gauge("lianmai_ingest_pending_connections", "Open RTMP connections that are not live.", gauges.pending);
  gauge("lianmai_ingest_readers", "Readers of live sources.", gauges.readers);
}
