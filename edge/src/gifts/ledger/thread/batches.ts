/** What waits for its batch. */
export interface Batches<Item> {
  push(items: readonly Item[]): void;
  /** Runs what waits, now. */
  flush(): void;
}

/** Least time between the starts of two batches: what arrives meanwhile shares a commit. */
export const GATHER_MS = 5;
/** Commands of one batch: bounds how long a commit takes. */
export const MAX_BATCH = 400;

/**
 * Gathers items into batches. One that comes after a quiet while is run at once; under load a batch starts each
 * {@link GATHER_MS}, or as soon as the one before is done. The caller bounds what waits.
 */
export function createBatches<Item>(options: {
  readonly run: (items: readonly Item[]) => void;
  readonly monotonicMs: () => number;
}): Batches<Item> {
  const { run, monotonicMs } = options;
  const waiting: Item[] = [];
  let startedMs = Number.NEGATIVE_INFINITY;
  let isDue = false;
  const runOne = () => {
    isDue = false;
    if (waiting.length === 0) return;
    startedMs = monotonicMs();
    run(waiting.splice(0, MAX_BATCH));
    schedule();
  };
  const schedule = () => {
    if (isDue || waiting.length === 0) return;
    isDue = true;
    const waitMs = startedMs + GATHER_MS - monotonicMs();
    if (waitMs <= 0) setImmediate(runOne);
    else setTimeout(runOne, waitMs);
  };
  return {
    push(items) {
      waiting.push(...items);
      schedule();
    },
    flush() {
      while (waiting.length > 0) run(waiting.splice(0, MAX_BATCH));
    },
  };
}
