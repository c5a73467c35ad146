/** Answers on raw node:http responses: headers, caching, problem documents. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { ORIGIN_ERRORS, type OriginErrorCode, problemBody } from "./errors.ts";
import type { Rendered } from "./rendered.ts";

/** One request and its answer. */
export interface Exchange {
  readonly response: ServerResponse;
  /** HEAD: all headers, no body. */
  readonly bodiless: boolean;
  readonly acceptsGzip: boolean;
}

/** `Cache-Control` values; a CDN in front needs the query in its cache key. */
export const CACHE = {
  /** URIs of media are unique for ever. */
  media: "public, max-age=3600, immutable",
  /** The live edge: an intermediary may share it for a second, with Age telling how old it is. */
  liveEdge: "public, max-age=0, s-maxage=1",
  thumbnail: "public, max-age=2",
  notFound: "public, max-age=1",
  never: "no-store",
} as const;

/**
 * A playlist that satisfied its directives. Spec: rfc8216bis appendix B.1 suggests six target durations: the URL names
 * one state of the playlist, and no later state makes that answer wrong.
 */
export const satisfiedCache = (targetDurationSeconds: number): string => `public, max-age=${6 * targetDurationSeconds}`;

const COMMON = [
  "Access-Control-Allow-Origin",
  "*",
  "Access-Control-Expose-Headers",
  "Age, Content-Length, Date, Retry-After",
  "X-Content-Type-Options",
  "nosniff",
];
const RETRY_AFTER_SECONDS = "1";
/** A reader that takes nothing for this long is let go, and the bytes held for it. */
const STALLED_READER_MS = 30_000;

export function exchangeOf(request: IncomingMessage, response: ServerResponse): Exchange {
  const encodings = request.headers["accept-encoding"] ?? "";
  return {
    response,
    bodiless: request.method === "HEAD",
    acceptsGzip: /\bgzip\b/.test(encodings) && !/\bgzip\s*;\s*q=0(\.0*)?\s*(,|$)/.test(encodings),
  };
}

/** 200 with a playlist, compressed when the client takes it. */
export function sendPlaylist(exchange: Exchange, playlist: Rendered, cacheControl: string): void {
  const body = exchange.acceptsGzip ? playlist.gzip : playlist.plain;
  const headers = [
    ...COMMON,
    "Content-Type",
    "application/vnd.apple.mpegurl",
    "Vary",
    "Accept-Encoding",
    "Cache-Control",
    cacheControl,
    "Content-Length",
    String(body.length),
  ];
  if (exchange.acceptsGzip) headers.push("Content-Encoding", "gzip");
  exchange.response.writeHead(200, headers);
  exchange.response.end(exchange.bodiless ? undefined : body);
}

/** 200 with bytes in pieces; the pieces are shared with other answers, not copied. */
export function sendMedia(
  exchange: Exchange,
  pieces: readonly Buffer[],
  of: { readonly type: string; readonly cacheControl: string },
): number {
  const { response } = exchange;
  const sizeBytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  response.writeHead(200, [
    ...COMMON,
    "Content-Type",
    of.type,
    "Cache-Control",
    of.cacheControl,
    "Content-Length",
    String(sizeBytes),
  ]);
  if (exchange.bodiless) {
    response.end();
    return 0;
  }
  response.setTimeout(STALLED_READER_MS, () => response.destroy());
  if (pieces.length === 1) {
    response.end(pieces[0]);
    return sizeBytes;
  }
  response.cork();
  for (const piece of pieces) response.write(piece);
  response.end();
  response.uncork();
  return sizeBytes;
}

/** An error, with its problem document. Returns its status. */
export function sendError(exchange: Exchange, code: OriginErrorCode): number {
  const { status } = ORIGIN_ERRORS[code];
  const body = problemBody(code);
  const headers = [
    ...COMMON,
    "Content-Type",
    "application/problem+json",
    "Cache-Control",
    status === 404 ? CACHE.notFound : CACHE.never,
    "Content-Length",
    String(body.length),
  ];
  if (status === 503) headers.push("Retry-After", RETRY_AFTER_SECONDS);
  if (status === 405) headers.push("Allow", "GET, HEAD, OPTIONS");
  exchange.response.writeHead(status, headers);
  exchange.response.end(exchange.bodiless ? undefined : body);
  return status;
}

/** Answer to a CORS preflight. */
export function sendPreflight(exchange: Exchange): null {
  exchange.response.writeHead(204, [
    ...COMMON,
    "Access-Control-Allow-Methods",
    "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers",
    "*",
    "Access-Control-Max-Age",
    "86400",
    "Content-Length",
    "0",
  ]);
  exchange.response.end();
  return null;
}
