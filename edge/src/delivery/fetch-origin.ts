import { Agent, request as httpRequest, type IncomingMessage } from "node:http";

/** A connection must stand within this. */
const CONNECT_BUDGET_MS = 1_000;
/** From the headers on, the body must be complete within this: parts are small, and a preload hint waits one part. */
const BODY_BUDGET_MS = 5_000;
/** Larger bodies are no part of a live playlist. */
const MAX_BODY_BYTES = 16 * 1_024 * 1_024;
const MAX_SOCKETS_PER_ORIGIN = 128;

/** A whole answer of an origin. */
export interface OriginAnswer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

/** `away`: no connection, no answer in time, or cut off. `bad`: an answer that cannot be passed on. */
export class OriginFailure extends Error {
  override readonly name = "OriginFailure";
  readonly kind: "away" | "bad" | "aborted";
  constructor(kind: "away" | "bad" | "aborted", message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** What to fetch, from `originUrl`. */
export interface OriginRequest {
  readonly originUrl: string;
  /** Path and query. */
  readonly target: string;
  readonly gzip: boolean;
  /** How long the origin may hold the request before its headers. */
  readonly headersBudgetMs: number;
}

/** Keep-alive connections to origins; one per process. */
export interface OriginClient {
  /** Fetches; rejects with {@link OriginFailure} only. `signal` gives the request up. */
  fetch(request: OriginRequest, options: { readonly signal: AbortSignal }): Promise<OriginAnswer>;
  close(): void;
}

/** Makes an {@link OriginClient}. */
export function createOriginClient(): OriginClient {
  const agent = new Agent({
    keepAlive: true,
    maxSockets: MAX_SOCKETS_PER_ORIGIN,
    maxFreeSockets: 32,
    scheduling: "lifo",
  });
  return {
    async fetch(request, { signal }) {
      try {
        return await fetchOnce(agent, request, signal);
      } catch (error) {
        // the origin closed an idle connection at the moment it was taken: nothing was lost, ask again
        if (!(error instanceof StaleConnection) || signal.aborted) throw error;
        return fetchOnce(agent, request, signal);
      }
    },
    close: () => agent.destroy(),
  };
}

class StaleConnection extends OriginFailure {}

function fetchOnce(agent: Agent, wanted: OriginRequest, signal: AbortSignal): Promise<OriginAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<OriginAnswer>();
  const url = new URL(wanted.originUrl);
  const request = httpRequest({
    agent,
    host: url.hostname,
    port: url.port || 80,
    path: wanted.target,
    headers: { "accept-encoding": wanted.gzip ? "gzip" : "identity" },
  });
  const fail = (failure: OriginFailure) => {
    reject(failure);
    request.destroy();
  };
  const timers = startTimers(fail, wanted.headersBudgetMs);
  const onAbort = () => fail(new OriginFailure("aborted", "nobody waits any more"));
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  request.on("socket", (socket) => {
    if (socket.connecting) socket.once("connect", timers.connected);
    else timers.connected();
  });
  request.on("response", (response) => {
    timers.headers();
    collect(response, { resolve, fail });
  });
  request.on("error", (error: NodeJS.ErrnoException) => {
    const stale = request.reusedSocket && error.code === "ECONNRESET";
    fail(new (stale ? StaleConnection : OriginFailure)("away", error.message, { cause: error }));
  });
  request.on("close", () => {
    timers.stop();
    signal.removeEventListener("abort", onAbort);
  });
  request.end();
  return promise;
}

/** One timer at a time: connection, headers, body. */
function startTimers(fail: (failure: OriginFailure) => void, headersBudgetMs: number) {
  const late = (what: string, budgetMs: number) =>
    setTimeout(() => fail(new OriginFailure("away", `${what} took longer than ${budgetMs} ms`)), budgetMs);
  let timer = late("connecting", CONNECT_BUDGET_MS);
  const next = (what: string, budgetMs: number) => () => {
    clearTimeout(timer);
    timer = late(what, budgetMs);
  };
  return {
    connected: next("the answer", headersBudgetMs),
    headers: next("the body", BODY_BUDGET_MS),
    stop: () => clearTimeout(timer),
  };
}

function collect(
  response: IncomingMessage,
  outcome: { readonly resolve: (answer: OriginAnswer) => void; readonly fail: (failure: OriginFailure) => void },
): void {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  response.on("data", (chunk: Buffer) => {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_BODY_BYTES)
      outcome.fail(new OriginFailure("bad", `a body of more than ${MAX_BODY_BYTES} bytes`));
    else chunks.push(chunk);
  });
  response.on("error", (error) => outcome.fail(new OriginFailure("away", "the body was cut off", { cause: error })));
  response.on("end", () => {
    const body = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, sizeBytes);
    outcome.resolve({ status: response.statusCode ?? 502, headers: response.headers, body });
  });
}
