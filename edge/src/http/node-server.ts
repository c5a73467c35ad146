import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { type ProblemCode, problemCatalogue, problemDocument } from "../errors.ts";

/** Handles a request of a plain node:http server. */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** A request's head must be complete within this, against slow drips. */
const HEADERS_BUDGET_MS = 10_000;
/** A whole request, body included. */
const REQUEST_BUDGET_MS = 20_000;
/** Idle connections stay open a little longer than common proxies keep theirs. */
const KEEP_ALIVE_MS = 75_000;
/** A connection with nothing read or written for this long is stuck; longer than any parked request. */
const STUCK_AFTER_MS = 120_000;
const MAX_HEADER_BYTES = 16 * 1_024;
const MAX_CONNECTIONS = 16_384;

/** Makes the public server: `live` gets `/live/*`, `rest` everything else; bytes that are no HTTP get a problem. */
export function createNodeServer(handlers: {
  readonly live: RequestHandler;
  readonly rest: RequestHandler;
  /** Called when a connection is dropped because nothing moved on it. */
  readonly onStuck: () => void;
}): Server {
  const { live, rest, onStuck } = handlers;
  const server = createServer(
    {
      headersTimeout: HEADERS_BUDGET_MS,
      requestTimeout: REQUEST_BUDGET_MS,
      connectionsCheckingInterval: 2_000,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      noDelay: true,
    },
    (request, response) => {
      if (request.url?.startsWith("/live/")) live(request, response);
      else rest(request, response);
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.timeout = STUCK_AFTER_MS;
  server.on("timeout", (socket) => {
    if (socket.writableLength > 0) onStuck();
    socket.destroy();
  });
  return server;
}

/** Answers bytes that node's parser refused, as RFC 9457 says, and closes the connection. */
export function answerClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const code = codeOfParserError(error.code);
  const body = JSON.stringify(problemDocument(code));
  const { status } = problemCatalogue[code];
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "Content-Type: application/problem+json",
    "Cache-Control: no-store",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
  ];
  // a client that goes on sending must not keep the socket open
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroySoon());
}

function codeOfParserError(code: string | undefined): ProblemCode {
  if (code === "HPE_HEADER_OVERFLOW") return "headers-too-large";
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return "request-timeout";
  return "bad-http";
}
