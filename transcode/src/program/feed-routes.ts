import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ProgramFeed } from "./program-feed.ts";

/** Path of a program's feed. */
export const feedPath = (programId: string): string => `/feeds/${programId}`;

/**
 * `GET /feeds/:programId?token=...`: the program as `@lianmai/ingest/program-feed` has it. Problems (RFC 9457) by
 * `code`: `feed-unknown` 404, `feed-token-wrong` 403, `feed-readers-full` 503. Returns false for any other path.
 */
export function feedRoutes(
  find: (programId: string) => ProgramFeed | undefined,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  return (request, response) => {
    const [path = "", query = ""] = (request.url ?? "").split("?", 2);
    if (!path.startsWith("/feeds/")) return false;
    const feed = find(path.slice("/feeds/".length));
    const token = new URLSearchParams(query).get("token") ?? "";
    if (!feed) problem(response, 404, "feed-unknown", "No such program here");
    else if (!same(token, feed.token)) problem(response, 403, "feed-token-wrong", "The token is not this program's");
    else serve(response, feed);
    return true;
  };
}

function serve(response: ServerResponse, feed: ProgramFeed): void {
  response.setHeader("content-type", "application/vnd.lianmai.program");
  response.setHeader("cache-control", "no-store");
  if (!feed.attach(response)) {
    problem(response, 503, "feed-readers-full", "The program has as many readers as it may have");
  }
}

function problem(response: ServerResponse, status: number, code: string, title: string): void {
  const body = JSON.stringify({ type: `urn:lianmai:problem:${code}`, title, status, code });
  response.writeHead(status, { "content-type": "application/problem+json", "cache-control": "no-store" }).end(body);
}

/** Equal lengths by hashing, so that the comparison takes the same time whatever was sent. */
function same(given: string, expected: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
