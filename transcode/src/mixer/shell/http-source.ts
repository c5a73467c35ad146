/** Feeds an endless HTTP body into a source; connects again, with growing pauses, until closed. */
import http from "node:http";
import { type Clock, createBackoff } from "@lianmai/process";
import type { Source } from "../source/source.ts";

/** A body that gives nothing for this long is connected anew. */
const IDLE_MS = 10_000;
const RETRY_MIN_MS = 150;
const RETRY_MAX_MS = 3_000;
/** A body that lasted this long was a good one: the next pause is short again. */
const GOOD_BODY_MS = 2_000;
/** Decoding at a time, between reads and ticks. */
const PUMP_MS = 6;

/** A source that is fed with the pieces of a body. */
export interface BodySource extends Source {
  /** A new body begins. */
  restart(): void;
  /** False when the body is of no further use. */
  push(chunk: Buffer, arrivalMs: number): boolean;
}

export interface HttpSourceOptions {
  readonly url: string;
  readonly source: BodySource;
  readonly clock: Clock;
  readonly random?: () => number;
}

export class HttpSource {
  readonly #options: HttpSourceOptions;
  readonly #backoff;
  #request: http.ClientRequest | null = null;
  #retry: NodeJS.Timeout | null = null;
  #pumping: NodeJS.Immediate | null = null;
  #isClosed = false;

  constructor(options: HttpSourceOptions) {
    this.#options = options;
    this.#backoff = createBackoff({ minMs: RETRY_MIN_MS, maxMs: RETRY_MAX_MS, random: options.random });
    this.#connect();
  }

  /** Ends the connection; the source itself is the caller's to close. */
  close(): void {
    this.#isClosed = true;
    if (this.#retry) clearTimeout(this.#retry);
    if (this.#pumping) clearImmediate(this.#pumping);
    this.#request?.destroy();
  }

  #connect(): void {
    const { url, source, clock } = this.#options;
    const request = http.get(url, { agent: false, timeout: IDLE_MS });
    this.#request = request;
    request.on("response", (response) => {
      if (response.statusCode !== 200) {
        request.destroy();
        return;
      }
      source.restart();
      const startedMs = clock.monotonicMs();
      response.on("data", (chunk: Buffer) => {
        if (this.#isClosed) return;
        const nowMs = clock.monotonicMs();
        if (nowMs - startedMs > GOOD_BODY_MS) this.#backoff.reset();
        if (!source.push(chunk, nowMs)) request.destroy();
        this.#pump();
      });
      response.on("end", () => request.destroy());
      // Without a listener a broken body would end the process; `close` follows.
      response.on("error", () => {});
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => {});
    request.on("close", () => this.#reconnect());
  }

  #reconnect(): void {
    if (this.#isClosed) return;
    this.#retry = setTimeout(() => this.#connect(), this.#backoff.next());
  }

  /** Decodes in slices, so that neither reads nor ticks wait. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = setImmediate(() => {
      this.#pumping = null;
      const { source, clock } = this.#options;
      if (!this.#isClosed && source.pump({ nowMs: () => clock.monotonicMs(), budgetMs: PUMP_MS })) this.#pump();
    });
  }
}
