/** Calls back when the next picture is due. */
import type { Clock } from "@lianmai/process";

export interface TickerOptions {
  readonly clock: Clock;
  readonly nextDueMs: () => number;
  readonly run: () => void;
}

/** Longest wait in one timer; a clock that was wrong is noticed after this. */
const LONGEST_MS = 1_000;

export class Ticker {
  readonly #options: TickerOptions;
  #timer: NodeJS.Timeout | null = null;
  #immediate: NodeJS.Immediate | null = null;
  #isStopped = false;

  constructor(options: TickerOptions) {
    this.#options = options;
    this.#arm();
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#timer) clearTimeout(this.#timer);
    if (this.#immediate) clearImmediate(this.#immediate);
    this.#timer = null;
    this.#immediate = null;
  }

  #arm(): void {
    const waitMs = this.#options.nextDueMs() - this.#options.clock.monotonicMs();
    this.#timer = setTimeout(
      () => {
        // After a stall timers run before sockets: the detour lets waiting media in first.
        this.#immediate = setImmediate(() => {
          this.#options.run();
          if (!this.#isStopped) this.#arm();
        });
      },
      Math.max(0, Math.min(LONGEST_MS, Math.ceil(waitMs))),
    );
  }
}
