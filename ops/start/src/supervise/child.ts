import { type Backoff, type Clock, createBackoff, systemClock } from "@lianmai/process";
import { type ChildState, step, wasHealthy } from "./lifecycle.ts";
import { type ChildSpec, type RunningChild, spawnChild } from "./spawn-child.ts";

/** First wait is at most twice the least, so that a viewer hardly notices; the last ceiling is the cap. */
const RESTART_MIN_MS = 100;
const RESTART_MAX_MS = 10_000;
/** A child that does not serve within this time is killed and started again. */
export const READY_BUDGET_MS = 90_000;
/** Ends without ever having served, after which the whole start has failed. */
const MAX_FAILED_STARTS = 3;

/** What a child tells the supervisor. */
export interface ChildReporter {
  event(level: "info" | "warn" | "error", child: string, text: string): void;
  line(child: string, stream: "stdout" | "stderr", text: string): void;
  message(child: string, message: unknown): void;
}

/** A child that could not be brought to serve even once. */
export class StartError extends Error {
  override readonly name = "StartError";
}

/** One child: started, watched, restarted with back-off, stopped. */
export class Child {
  readonly spec: ChildSpec;
  readonly #reporter: ChildReporter;
  readonly #clock: Clock;
  readonly #backoff: Backoff = createBackoff({ minMs: RESTART_MIN_MS, maxMs: RESTART_MAX_MS });
  readonly #firstReady = Promise.withResolvers<void>();
  readonly #stopped = Promise.withResolvers<void>();
  #state: ChildState = { at: "idle" };
  #running: RunningChild | undefined;
  #timer: NodeJS.Timeout | undefined;
  #probe: AbortController | undefined;
  #failedStarts = 0;
  #served = false;

  constructor(spec: ChildSpec, options: { readonly reporter: ChildReporter; readonly clock?: Clock }) {
    this.spec = spec;
    this.#reporter = options.reporter;
    this.#clock = options.clock ?? systemClock;
    this.#firstReady.promise.catch(() => undefined);
  }

  /** Process id while it runs. */
  get pid(): number | undefined {
    return this.#running?.pid;
  }

  get state(): ChildState["at"] {
    return this.#state.at;
  }

  /** Resolves when it serves for the first time; rejects with {@link StartError} when it never does. */
  start(): Promise<void> {
    this.#spawn();
    return this.#firstReady.promise;
  }

  /** Asks it to stop; resolves when it is gone. Never restarts it again. */
  stop(): Promise<void> {
    this.#state = step(this.#state, { kind: "stop" });
    clearTimeout(this.#timer);
    this.#probe?.abort();
    this.#firstReady.reject(new StartError(`${this.spec.name} was stopped before it served`));
    if (this.#state.at === "stopped") this.#stopped.resolve();
    else this.#running?.signal("SIGTERM");
    return this.#stopped.promise;
  }

  /** Kills it and all it started. */
  kill(): void {
    this.#running?.killGroup();
  }

  #spawn(): void {
    this.#state = step(this.#state, { kind: "spawned", atMs: this.#clock.monotonicMs() });
    const { name } = this.spec;
    this.#running = spawnChild(this.spec, {
      line: (stream, text) => this.#reporter.line(name, stream, text),
      message: (message) => {
        if (isReady(message)) this.#ready();
        else this.#reporter.message(name, message);
      },
      exited: (code, signalName) => this.#exited(code, signalName),
    });
    this.#timer = setTimeout(() => this.#overdue(), READY_BUDGET_MS);
    this.#startProbe();
  }

  #startProbe(): void {
    if (this.spec.ready === "message") return;
    const controller = new AbortController();
    this.#probe = controller;
    this.spec.ready(controller.signal).then(
      () => {
        if (!controller.signal.aborted) this.#ready();
      },
      () => undefined,
    );
  }

  #ready(): void {
    if (this.#state.at !== "starting") return;
    this.#state = step(this.#state, { kind: "ready", atMs: this.#clock.monotonicMs() });
    clearTimeout(this.#timer);
    this.#reporter.event("info", this.spec.name, this.#served ? "ready again" : "ready");
    this.#served = true;
    this.#firstReady.resolve();
  }

  #overdue(): void {
    this.#reporter.event("error", this.spec.name, `not ready after ${READY_BUDGET_MS / 1_000} s, killing it`);
    this.kill();
  }

  #exited(code: number | null, signalName: NodeJS.Signals | null): void {
    // What the child started must not outlive it: an ffmpeg would go on writing to nobody.
    this.kill();
    this.#running = undefined;
    this.#probe?.abort();
    clearTimeout(this.#timer);
    if (wasHealthy(this.#state, this.#clock.monotonicMs())) this.#backoff.reset();
    this.#state = step(this.#state, { kind: "exited" });
    if (this.#state.at === "stopped") {
      this.#stopped.resolve();
      return;
    }
    this.#restartLater(signalName ?? `exit code ${code}`);
  }

  #restartLater(how: string): void {
    if (!this.#served) {
      this.#failedStarts += 1;
      if (this.#failedStarts === MAX_FAILED_STARTS) {
        this.#firstReady.reject(new StartError(`${this.spec.name} does not start: it ended with ${how}, see above`));
      }
    }
    const waitMs = this.#backoff.next();
    this.#reporter.event("warn", this.spec.name, `ended unasked (${how}), restart in ${waitMs} ms`);
    this.#timer = setTimeout(() => this.#spawn(), waitMs);
  }
}

function isReady(message: unknown): boolean {
  return typeof message === "object" && message !== null && "kind" in message && message.kind === "ready";
}
