import { cpus } from "node:os";

/** Begins to watch this machine; the answer tells how many of its cores were busy since, on average. */
export function watchCores(): () => number {
  const busyMs = () => cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
  const before = { busyMs: busyMs(), atMs: performance.now() };
  return () => (busyMs() - before.busyMs) / (performance.now() - before.atMs);
}
