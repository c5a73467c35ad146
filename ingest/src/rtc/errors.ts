/**
 * Every error that WHIP and the stage's other addresses answer with; described in ops/docs/errors-stage.md.
 * Codes are never reused. Bodies are RFC 9457 problem documents.
 */
import type { ServerResponse } from "node:http";

/** Code, HTTP status and title of each error. */
export const STAGE_ERRORS = {
  "not-found": { status: 404, title: "There is nothing at this path" },
  "node-token-wrong": { status: 421, title: "Only the service's own edges may ask here" },
  "no-key": { status: 401, title: "A stream key is needed: Authorization: Bearer <key>" },
  "unknown-key": { status: 403, title: "This stream key is not one of this room" },
  "key-retired": { status: 403, title: "This stream key has been replaced: use the newer one" },
  "key-revoked": { status: 403, title: "This stream key has been revoked" },
  "already-live": { status: 409, title: "This room is already live: end the other publisher first" },
  "server-full": { status: 503, title: "The server takes no more publishers now" },
  unavailable: { status: 503, title: "The server cannot check this now, try again in a few seconds" },
  "session-gone": { status: 404, title: "There is no such session, or no longer" },
  "etag-wrong": { status: 412, title: "The session has changed since: its ETag is another" },
  "ice-restart-unsupported": { status: 422, title: "This server cannot restart ICE: post a new offer" },
  "method-not-allowed": { status: 405, title: "This method is not available here" },
  "body-too-large": { status: 413, title: "The body is too large" },
  "unsupported-media-type": { status: 415, title: "The body must be a session description" },
  "offer-unreadable": { status: 400, title: "The body is not a session description that can be used" },
  "fragment-unreadable": { status: 400, title: "The body is not a trickle ICE fragment" },
  "no-common-codec": { status: 422, title: "None of the codecs offered can be taken: H.264 or VP8, and Opus" },
  "not-live": { status: 404, title: "Nothing is on air in this room" },
  "viewers-full": { status: 503, title: "As many watch by WebRTC as may: the other way of delivery is open" },
  "nothing-offered": { status: 422, title: "The offer sends or receives nothing that is wanted here" },
  "bad-message": { status: 400, title: "The body is not a request to the stage" },
  "too-many-requests": { status: 429, title: "Too many requests from this browser" },
  "stage-full": { status: 503, title: "The stage has as many connections as it may have" },
  "stage-moved": { status: 503, title: "Another process holds this stage: ask again" },
  internal: { status: 500, title: "Something went wrong here" },
} as const satisfies Readonly<Record<string, { readonly status: number; readonly title: string }>>;

export type StageErrorCode = keyof typeof STAGE_ERRORS;

/** Answers with the problem document of a code. */
export function sendStageError(
  response: ServerResponse,
  code: StageErrorCode,
  options: { readonly detail?: string; readonly headers?: Readonly<Record<string, string>> } = {},
): void {
  const { status, title } = STAGE_ERRORS[code];
  const body = { type: `urn:lianmai:problem:${code}`, title, status, code, detail: options.detail };
  response.writeHead(status, {
    "content-type": "application/problem+json",
    "cache-control": "no-store",
    ...(status === 503 && { "retry-after": "2" }),
    ...options.headers,
  });
  response.end(JSON.stringify(body));
}
