import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ReadableSource } from "../publication/publisher-session.ts";

/** What the route needs of a live session. */
export interface OfferedSource {
  readonly source: ReadableSource;
  readonly token: string;
}

/** Answers `/sources/*`; returns false for any other path. */
export type SourceRoutes = (request: IncomingMessage, response: ServerResponse) => boolean;

/**
 * `GET /sources/:sourceId?token=...`: the media as an endless body. `POST /sources/:sourceId/keyframe?token=...`: asks
 * the publisher for a keyframe, 202. Problems (RFC 9457) by `code`: `source-unknown` 404, `source-token-wrong` 403,
 * `source-readers-full` 503, `method-not-allowed` 405.
 */
export function sourceRoutes(find: (sessionId: string) => OfferedSource | undefined): SourceRoutes {
  return (request, response) => {
    const [path = "", query = ""] = (request.url ?? "").split("?", 2);
    if (!path.startsWith("/sources/")) return false;
    const [sourceId = "", ...action] = path.slice("/sources/".length).split("/");
    const way = WAYS[action.join("/")];
    if (!way) problem(response, 404, "source-unknown", "No such live session");
    else if (request.method !== way.method) {
      problem(response, 405, "method-not-allowed", `Only ${way.method} is answered here`);
    } else {
      const source = authorised(response, find(sourceId), new URLSearchParams(query).get("token") ?? "");
      if (source) way.serve(response, source);
    }
    return true;
  };
}

const WAYS: Readonly<Record<string, { readonly method: string; readonly serve: typeof handOver } | undefined>> = {
  "": { method: "GET", serve: handOver },
  keyframe: { method: "POST", serve: askForKeyframe },
};

function askForKeyframe(response: ServerResponse, source: ReadableSource): void {
  source.requestKeyframe();
  response.writeHead(202, { "cache-control": "no-store" }).end();
}

function authorised(
  response: ServerResponse,
  offered: OfferedSource | undefined,
  token: string,
): ReadableSource | undefined {
  if (!offered) problem(response, 404, "source-unknown", "No such live session");
  else if (!sameToken(token, offered.token)) {
    problem(response, 403, "source-token-wrong", "The token is not this session's");
  } else return offered.source;
  return undefined;
}

function handOver(response: ServerResponse, source: ReadableSource): void {
  response.setHeader("content-type", source.contentType);
  response.setHeader("cache-control", "no-store");
  response.on("error", () => {});
  if (!source.attach(response)) {
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
