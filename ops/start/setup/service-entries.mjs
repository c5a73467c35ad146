/** What the service runs, by name: its processes, their child processes and threads. Each is bundled on its own. */
export const SERVICE_ENTRIES = {
  "ingest/main": "ingest/src/main.ts",
  "ingest/stage": "ingest/src/stage/main.ts",
  "transcode/main": "transcode/src/main.ts",
  "transcode/mixer": "transcode/src/mixer/main.ts",
  "transcode/painter": "transcode/src/mixer/overlay/painter-worker.ts",
  "edge/main": "edge/src/main.ts",
  "edge/archive": "edge/src/room/archive/archive-thread.ts",
  "edge/ledger": "edge/src/gifts/ledger/thread/main.ts",
};
