/** The edge's error catalogue: one entry per stable code, documented in ops/docs/errors.md. Codes are never reused. */
import type { Problem } from "./protocol/api.ts";

const entry = <const Status extends number>(status: Status, title: string) => ({ status, title });

/** Status and title by code; `detail` of a problem says what is particular to the request. */
export const problemCatalogue = {
  "bad-request": entry(400, "The request cannot be understood"),
  "bad-http": entry(400, "The bytes received are not an HTTP request"),
  "invalid-request": entry(400, "A field of the request does not fit"),
  "bad-path": entry(400, "The path holds characters that are not allowed"),
  "bad-query": entry(400, "A delivery directive in the query does not fit"),
  "not-signed-in": entry(401, "Sign in first"),
  "bad-assertion": entry(401, "The signed token of the other system does not hold"),
  "wrong-credentials": entry(401, "Name or password is wrong"),
  "not-allowed": entry(403, "This account may not do that"),
  "bad-signature": entry(401, "The signature does not fit"),
  "insufficient-coins": entry(402, "There are not enough coins"),
  banned: entry(403, "This account may not be in this room"),
  muted: entry(403, "This account may not talk in this room"),
  "cross-site": entry(403, "A signed-in browser may only do that from this site's own pages"),
  outranked: entry(403, "This person is not below you in this room"),
  removed: entry(403, "You were removed from this room"),
  "webrtc-off": entry(403, "This room is not watched by WebRTC"),
  "upload-refused": entry(403, "This upload is not allowed here"),
  "not-found": entry(404, "There is nothing at this path"),
  "room-not-found": entry(404, "There is no such room"),
  "stream-key-not-found": entry(404, "There is no such stream key"),
  "session-not-found": entry(404, "There is no such session"),
  "connection-not-found": entry(404, "There is no such room connection at this edge"),
  "tenant-not-found": entry(404, "There is no such tenant or key"),
  "program-not-found": entry(404, "Nothing is on air in this room"),
  "gift-not-found": entry(404, "The price list has no such gift"),
  "transfer-not-found": entry(404, "There is no such transfer"),
  "combo-not-found": entry(404, "There is no such combo"),
  "user-not-found": entry(404, "There is no such account"),
  "message-not-found": entry(404, "There is no such message"),
  "audit-entry-not-found": entry(404, "There is no such audit entry"),
  "hold-not-found": entry(404, "There is no such held message"),
  "report-not-found": entry(404, "There is no such report"),
  "word-not-found": entry(404, "There is no such word in this list"),
  "upload-not-found": entry(404, "There is no such upload"),
  "method-not-allowed": entry(405, "This method is not available here"),
  "request-timeout": entry(408, "The request took too long to arrive"),
  "name-taken": entry(409, "Another account has this name"),
  "slug-taken": entry(409, "Another room has this slug"),
  "slug-reserved": entry(409, "This slug is kept for the site itself"),
  "limit-reached": entry(409, "There are as many as allowed"),
  "key-not-active": entry(409, "Only an active stream key can be rotated"),
  "cid-conflict": entry(409, "This id was used for something else"),
  "price-changed": entry(409, "The price is another one now"),
  "spending-cap": entry(409, "This would be more than may be spent"),
  "already-refunded": entry(409, "This transfer has been refunded"),
  "catalogue-changed": entry(409, "Somebody else has changed the price list"),
  "not-on-stage": entry(409, "Whom the gift was for is not on the stage"),
  "own-gift": entry(409, "Nobody sends gifts to themselves"),
  "own-room": entry(409, "Hosts send no gifts to their own room"),
  "body-too-large": entry(413, "The body is too large"),
  "url-too-long": entry(414, "The URL is too long"),
  "unsupported-media-type": entry(415, "The body must be JSON"),
  "text-blocked": entry(422, "The text may not be said here"),
  "amount-too-small": entry(422, "A paid message costs more than that"),
  "already-decided": entry(409, "Somebody has decided that already"),
  "already-reported": entry(409, "You have reported that already"),
  "not-undoable": entry(409, "This act cannot be taken back"),
  "upload-unfit": entry(422, "The file is not what it must be"),
  "too-many-requests": entry(429, "Too many requests"),
  "locked-out": entry(429, "Too many failed sign-ins; wait before the next"),
  "quota-reached": entry(429, "You have uploaded as much as allowed for now"),
  "headers-too-large": entry(431, "The header fields are too large"),
  internal: entry(500, "Something went wrong here"),
  "origin-bad": entry(502, "The origin answered with something that cannot be passed on"),
  "origin-away": entry(503, "The origin of this program does not answer"),
  overloaded: entry(503, "This edge takes no new viewers at the moment"),
  "stage-away": entry(503, "No stage process can be reached at the moment"),
  "redis-away": entry(503, "The live state is not reachable at the moment"),
  "ledger-busy": entry(503, "More is being given than can be written down at the moment"),
  "ledger-away": entry(503, "The ledger does not answer; whether the coins moved is not known"),
  "payments-off": entry(503, "No payment system is set up"),
  "pages-missing": entry(503, "The pages have not been built"),
  stopping: entry(503, "This process is stopping"),
} as const;

/** A stable code of the catalogue. */
export type ProblemCode = keyof typeof problemCatalogue;

/** What an occurrence adds to its catalogue entry. */
export interface ProblemDetails {
  readonly detail?: string;
  readonly fields?: readonly { readonly path: string; readonly message: string }[];
  readonly retryAfterMs?: number;
}

/** Makes the RFC 9457 document of a code. */
export function problemDocument(code: ProblemCode, details: ProblemDetails = {}): Problem {
  const { status, title } = problemCatalogue[code];
  return {
    type: `urn:lianmai:problem:${code}`,
    title,
    status,
    code,
    ...(details.detail !== undefined && { detail: details.detail }),
    ...(details.fields && { fields: details.fields.map(({ path, message }) => ({ path, message })) }),
    ...(details.retryAfterMs !== undefined && { retryAfterMs: Math.ceil(details.retryAfterMs) }),
  };
}

/** Thrown by routes and their collaborators; the HTTP layer answers with its document. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly code: ProblemCode;
  readonly details: ProblemDetails;
  constructor(code: ProblemCode, details: ProblemDetails & ErrorOptions = {}) {
    super(details.detail ?? problemCatalogue[code].title, { cause: details.cause });
    this.code = code;
    this.details = details;
  }
  /** HTTP status of the code. */
  get statusCode(): number {
    return problemCatalogue[this.code].status;
  }
}

/** `Retry-After` wants whole seconds: rounded up, at least one. */
export const retryAfterSeconds = (retryAfterMs: number): string => String(Math.max(1, Math.ceil(retryAfterMs / 1_000)));
