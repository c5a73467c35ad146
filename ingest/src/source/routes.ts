import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { SessionSource } from "./source.ts";

/** What the route needs of a live session. */
export interface OfferedSource {
  readonly source: SessionSource;
  readonly token: string;
}

/** Answers `/sources/*`; returns false for any other path. */
export type SourceRoutes = (request: IncomingMessage, response: ServerResponse) => boolean;

/**
 * `GET /sources/:sessionId?token=...`: the session's media as endless FLV. Problems (RFC 9457) by `code`:
 * `source-unknown` 404, `source-token-wrong` 403, `source-readers-full` 503, `method-not-allowed` 405.
 */
export function sourceRoutes(find: (sessionId: string) => OfferedSource | undefined): SourceRoutes {
  return (request, response) => {
    const [path = "", query = ""] = (request.url ?? "").split("?", 2);
    if (!path.startsWith("/sources/")) return false;
    if (request.method !== "GET") {
      problem(response, 405, "method-not-allowed", "Only GET is answered here");
      return true;
    }
    const token = new URLSearchParams(query).get("token") ?? "";
    handOver(response, find(path.slice("/sources/".length)), token);
    return true;
  };
}

function handOver(response: ServerResponse, offered: OfferedSource | undefined, token: string): void {
  if (!offered) {
    problem(response, 404, "source-unknown", "No such live session");
    return;
  }
  if (!sameToken(token, offered.token)) {
    problem(response, 403, "source-token-wrong", "The token is not this session's");
    return;
  }
  response.setHeader("content-type", "video/x-flv");
  response.setHeader("cache-control", "no-store");
  response.on("error", () => {});
  if (!offered.source.attach(response)) {
    problem(response, 503, "source-readers-full", "The session has as many readers as it may have");
  }
}

function problem(response: ServerResponse, status: number, code: string, title: string): void {
  const body = JSON.stringify({ type: `urn:lianmai:problem:${code}`, title, status, code });
  response.writeHead(status, { "content-type": "application/problem+json", "cache-control": "no-store" }).end(body);
}

// Equal lengths by hashing, so that the comparison takes the same time whatever was sent.
function sameToken(given: string, expected: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
