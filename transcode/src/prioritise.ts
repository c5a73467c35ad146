/** Which of the machine's processes goes first when all want to run. */
import { readdirSync, writeFileSync } from "node:fs";
import { setPriority } from "node:os";

/**
 * Niceness of what a program is made by, where the system allows it (root, or RLIMIT_NICE); elsewhere they stay as they
 * are. What viewers or strangers make work, ingest and edge, has none: however many they are, the program's pictures go
 * first. The mixer's time is the shortest, then comes the pacer with the packager, then the encoder, whose input waits.
 */
export const NICENESS = { mixer: -6, transcode: -5, encoder: -3, starting: 0 } as const;

/** Sets the niceness of all threads that a process has; those they start later inherit it. */
export function prioritise(pid: number | undefined, niceness: number): void {
  if (pid === undefined) return;
  for (const thread of threadsOf(pid)) {
    try {
      setPriority(thread, niceness);
    } catch {
      // Not allowed, or the thread has ended: the program runs without it.
    }
  }
}

/**
 * Sets the niceness of this process's session, in which its mixers and encoders are too: with sched_autogroup_enabled
 * Linux shares cores out by session first (sched(7)), and the supervisor gives each process one of its own.
 */
export function prioritiseSession(niceness: number): void {
  try {
    writeFileSync("/proc/self/autogroup", String(niceness));
  } catch {
    // Not allowed, or a kernel without: the threads' niceness is all there is.
  }
}

/** On Linux each thread has a niceness of its own, and the process's id is its first thread's. */
function threadsOf(pid: number): readonly number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return [pid];
  }
}
