/** Waits between retries: exponential, capped, with full jitter. */
export interface Backoff {
  /** The next wait in milliseconds, between `minMs` and the current ceiling. */
  next(): number;
  /** Back to the first ceiling, after a success. */
  reset(): void;
}

/** Makes a {@link Backoff}: the ceiling doubles from `minMs` up to `maxMs`. */
export function createBackoff(options: {
  readonly minMs: number;
  readonly maxMs: number;
  readonly random?: () => number;
}): Backoff {
  const { minMs, maxMs, random = Math.random } = options;
  let ceilingMs = minMs * 2;
  return {
    next() {
      const waitMs = minMs + random() * (ceilingMs - minMs);
      ceilingMs = Math.min(maxMs, ceilingMs * 2);
      return Math.round(waitMs);
    },
    reset() {
      ceilingMs = minMs * 2;
    },
  };
}
