const MIN_MS = 500;
const MAX_MS = 20_000;
const LEAST_MS = 50;

/** Waits between attempts: full jitter below a ceiling that doubles; a draining server says when to come instead. */
export class Backoff {
  readonly #random: () => number;
  #attempts = 0;
  #dueMs: number | undefined;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Attempts since the last success. */
  get attempts(): number {
    return this.#attempts;
  }

  /** When to try next. */
  next(nowMs: number): number {
    const ceiling = Math.min(MAX_MS, MIN_MS * 2 ** this.#attempts);
    const dueMs = this.#dueMs ?? nowMs + Math.max(LEAST_MS, ceiling * this.#random());
    this.#attempts += 1;
    this.#dueMs = undefined;
    return dueMs;
  }

  /** The server has said when to come back. */
  comeBackAt(dueMs: number): void {
    this.#dueMs = dueMs;
  }

  succeeded(): void {
    this.#attempts = 0;
    this.#dueMs = undefined;
  }
}
