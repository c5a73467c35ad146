import { createCountedCache } from "../bounded-cache.ts";

/** Failures of one subject and until when it is refused. */
interface Failures {
  readonly count: number;
  readonly lockedUntilMs: number;
}

/** Grows a wait with each failure beyond a few; success forgets. In memory: each edge process counts by itself. */
export interface LockOut {
  /** How long the subject is still refused; 0 when it may try. */
  waitMs(subject: string, nowMs: number): number;
  failed(subject: string, nowMs: number): void;
  succeeded(subject: string): void;
}

/** Subjects remembered; the least recent is forgotten first. */
const MAX_SUBJECTS = 20_000;
/** A subject without failures for this long starts anew. */
const FORGET_AFTER_MS = 60 * 60_000;

/** Makes a {@link LockOut}: `free` failures cost nothing, then the wait doubles from one second up to `maxWaitMs`. */
export function createLockOut(options: { readonly free: number; readonly maxWaitMs: number }): LockOut {
  const { free, maxWaitMs } = options;
  const subjects = createCountedCache<Failures>({ maxEntries: MAX_SUBJECTS, forgetAfterMs: FORGET_AFTER_MS });
  return {
    waitMs: (subject, nowMs) => Math.max(0, (subjects.get(subject)?.lockedUntilMs ?? 0) - nowMs),
    failed(subject, nowMs) {
      const count = (subjects.get(subject)?.count ?? 0) + 1;
      const waitMs = count < free ? 0 : Math.min(maxWaitMs, 1_000 * 2 ** Math.min(30, count - free));
      subjects.set(subject, { count, lockedUntilMs: nowMs + waitMs });
    },
    succeeded: (subject) => subjects.delete(subject),
  };
}
