import type { IncomingMessage, ServerResponse } from "node:http";
import { type ProblemCode, type ProblemDetails, problemDocument, retryAfterSeconds } from "../errors.ts";
import { freshForMs, isStorable } from "./caching-rules.ts";
import type { OriginAnswer } from "./fetch-origin.ts";

/** One rendered answer, shared by everybody it is written to. */
export interface Answer {
  readonly status: number;
  /** Name, value, name, value: the form `writeHead` takes without copying. */
  readonly headers: readonly string[];
  readonly body: Buffer;
  readonly etag: string;
  /** Fresh until this monotonic time; not stored when it is not later than `arrivedMs`. */
  readonly freshUntilMs: number;
  readonly arrivedMs: number;
  /** Age when it arrived here, in whole seconds. */
  readonly bornAge: number;
}

/** Anybody's page may read live media, with timings for its bandwidth estimate. */
const SHARED_WITH_ALL = [
  "access-control-allow-origin",
  "*",
  "access-control-expose-headers",
  "age, content-length, date, retry-after",
  "cross-origin-resource-policy",
  "cross-origin",
  "timing-allow-origin",
  "*",
  "x-content-type-options",
  "nosniff",
] as const;

/** Values that node will write without throwing. */
const SENDABLE = /^[\t\x20-\x7e]*$/;
/** Headers of the origin that are handed on. */
const PASSED = [
  "content-type",
  "cache-control",
  "content-encoding",
  "vary",
  "etag",
  "last-modified",
  "retry-after",
] as const;

/** Makes the shared answer of what an origin said. */
export function answerFrom(origin: OriginAnswer, options: { readonly nowMs: number }): Answer {
  const { status, headers: given, body } = origin;
  const headers: string[] = [...SHARED_WITH_ALL];
  for (const name of PASSED) {
    const value = given[name];
    if (typeof value === "string" && SENDABLE.test(value)) headers.push(name, value);
  }
  headers.push("content-length", String(body.length));
  const bornAge = Math.min(86_400, Math.max(0, Number.parseInt(given.age ?? "0", 10) || 0));
  const freshMs = isStorable(status) ? Math.max(0, freshForMs(given["cache-control"]) - bornAge * 1_000) : 0;
  return {
    status,
    headers,
    body,
    etag: given.etag ?? "",
    freshUntilMs: options.nowMs + freshMs,
    arrivedMs: options.nowMs,
    bornAge,
  };
}

/** Makes an answer of our own from the catalogue; never stored. */
export function problemAnswer(code: ProblemCode, details: ProblemDetails = {}): Answer {
  const document = problemDocument(code, details);
  const body = Buffer.from(JSON.stringify(document));
  const headers = [
    ...SHARED_WITH_ALL,
    "content-type",
    "application/problem+json",
    "cache-control",
    "no-store",
    "content-length",
    String(body.length),
  ];
  if (details.retryAfterMs !== undefined) headers.push("retry-after", retryAfterSeconds(details.retryAfterMs));
  if (code === "method-not-allowed") headers.push("allow", "GET, HEAD, OPTIONS");
  return { status: document.status, headers, body, etag: "", freshUntilMs: 0, arrivedMs: 0, bornAge: 0 };
}

/** Bytes a client may have left unread when the next answer is due. */
const MAX_UNREAD_BYTES = 2 * 1_024 * 1_024;
/** A client that leaves an answer unread makes progress at least this often. */
export const UNREAD_TIMEOUT_MS = 10_000;

/**
 * Writes an answer; head and body leave in one system call. A client with too much unread is dropped (answers false
 * then); one that leaves this answer unread is given {@link UNREAD_TIMEOUT_MS} by the socket's own timer, which node
 * sets back with the next request. `age` is added for stored answers.
 */
export function writeAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  options: { readonly nowMs: number; readonly unreadTimeoutMs?: number },
): boolean {
  const { socket } = request;
  if (socket.writableLength > MAX_UNREAD_BYTES) {
    socket.destroy();
    return false;
  }
  if (response.destroyed || response.headersSent) return true;
  if (answer.etag !== "" && answer.status === 200 && request.headers["if-none-match"] === answer.etag) {
    response.writeHead(304, withoutBody(answer.headers)).end();
    return true;
  }
  response.writeHead(answer.status, withAge(answer, options.nowMs)).end(answer.body);
  // nothing is left here when the kernel has taken it all
  if (socket.writableLength > 0) socket.setTimeout(options.unreadTimeoutMs ?? UNREAD_TIMEOUT_MS);
  return true;
}

/** The header list with its age; made once a second for each answer. */
const aged = new WeakMap<Answer, { readonly age: number; readonly headers: string[] }>();

function withAge(answer: Answer, nowMs: number): string[] {
  if (answer.freshUntilMs <= answer.arrivedMs) return answer.headers as string[];
  const age = answer.bornAge + Math.floor((nowMs - answer.arrivedMs) / 1_000);
  const made = aged.get(answer);
  if (made?.age === age) return made.headers;
  const headers = [...answer.headers, "age", String(age)];
  aged.set(answer, { age, headers });
  return headers;
}

function withoutBody(headers: readonly string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at];
    const value = headers[at + 1];
    if (name === undefined || value === undefined || name === "content-length") continue;
    kept.push(name, value);
  }
  return kept;
}
