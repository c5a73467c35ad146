import type { Metrics } from "@lianmai/process";

/** Figures of the archive. */
export interface RoomMetrics {
  /** Entries are on disk, so long after they were read. */
  committed(entries: number, ms: number): void;
  archiveRead(name: string): void;
}

/** Registers the figures. */
export function createRoomMetrics(metrics: Metrics): RoomMetrics {
  const commits = metrics.histogram(
    "lianmai_edge_room_commit_seconds",
    "Time from entries read to entries on disk.",
    [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5],
  );
  const archived = metrics.counter("lianmai_edge_room_archived_total", "Room entries brought to disk.");
  const reads = metrics.counter("lianmai_edge_room_archive_reads_total", "Reads of the archive, by what is asked.", [
    "of",
  ]);
  return {
    committed(entries, ms) {
      archived.inc(entries);
      commits.observe(ms / 1_000);
    },
    archiveRead: (name) => reads.inc({ of: name }),
  };
}
