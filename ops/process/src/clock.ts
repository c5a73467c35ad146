/** The two clocks of a process; injected so that tests advance them. */
export interface Clock {
  /** Milliseconds, monotonic; shared by all processes of one machine (CLOCK_MONOTONIC). */
  monotonicMs(): number;
  /** Milliseconds since the Unix epoch. */
  wallMs(): number;
}

/** The machine's clocks. */
export const systemClock: Clock = {
  monotonicMs: () => Number(process.hrtime.bigint()) / 1e6,
  wallMs: () => Date.now(),
};
