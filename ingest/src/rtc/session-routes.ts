import type { IncomingMessage, ServerResponse } from "node:http";
import type { IceServer } from "../signalling.ts";
import { MAX_SDP_CHARACTERS } from "../signalling.ts";
import { type StageErrorCode, sendStageError } from "./errors.ts";
import { readBody } from "./read-body.ts";
import { readTrickleFragment } from "./trickle.ts";

/** A session that has been made by an offer. */
export interface SessionResource {
  readonly etag: string;
  /** Of the offer: another in a fragment asks for an ICE restart. */
  readonly usernameFragment: string;
  /** Ends it, as its far end wishes. */
  close(): void;
}

export type SessionAnswer =
  | { readonly kind: "created"; readonly sessionId: string; readonly sdp: string; readonly etag: string }
  | { readonly kind: "refused"; readonly code: StageErrorCode; readonly detail?: string };

/** WHIP or WHEP, behind the routes. */
export interface SessionService {
  start(
    room: string,
    request: { readonly offer: string; readonly headers: IncomingMessage["headers"] },
  ): Promise<SessionAnswer>;
  find(room: string, sessionId: string): SessionResource | undefined;
}

export interface SessionRoutesOptions {
  /** First part of the path. */
  readonly name: "whip" | "whep";
  readonly sessions: SessionService;
  readonly iceServers: () => readonly IceServer[];
}

/**
 * Answers `/whip/:room` and `/whip/:room/:session` (RFC 9725), and the same of WHEP (draft-ietf-wish-whep), of which it
 * is the case where the player offers. Returns false for any other path. The edge has found out who asks.
 */
export function sessionRoutes(
  options: SessionRoutesOptions,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  return (request, response) => {
    const [path = ""] = (request.url ?? "").split("?", 1);
    const [, first, room, sessionId, ...rest] = path.split("/");
    if (first !== options.name || !room || rest.length > 0) return false;
    const done =
      sessionId === undefined
        ? create(options, room, request, response)
        : change(options, { room, sessionId }, request, response);
    done.catch(() => {
      if (!response.headersSent) sendStageError(response, "internal");
    });
    return true;
  };
}

async function create(
  options: SessionRoutesOptions,
  room: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const links = options.iceServers().flatMap(linkHeader);
  if (request.method !== "POST") {
    sendStageError(response, "method-not-allowed", { headers: { allow: "POST" } });
    return;
  }
  if (mediaType(request) !== "application/sdp") {
    sendStageError(response, "unsupported-media-type", { headers: { "accept-post": "application/sdp" } });
    return;
  }
  const offer = await readBody(request, MAX_SDP_CHARACTERS);
  if (offer === undefined) {
    sendStageError(response, "body-too-large", { headers: { connection: "close" } });
    return;
  }
  const answer = await options.sessions.start(room, { offer, headers: request.headers });
  if (answer.kind === "refused") {
    sendStageError(response, answer.code, { detail: answer.detail });
    return;
  }
  response.writeHead(201, {
    "content-type": "application/sdp",
    "cache-control": "no-store",
    location: `/${options.name}/${room}/${answer.sessionId}`,
    etag: answer.etag,
    "accept-patch": "application/trickle-ice-sdpfrag",
    ...(links.length > 0 && { link: links }),
  });
  response.end(answer.sdp);
}

async function change(
  options: SessionRoutesOptions,
  which: { readonly room: string; readonly sessionId: string },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const resource = options.sessions.find(which.room, which.sessionId);
  if (!resource) {
    sendStageError(response, "session-gone");
    return;
  }
  if (request.method === "DELETE") {
    resource.close();
    response.writeHead(200, { "cache-control": "no-store" }).end();
  } else if (request.method === "PATCH") await trickle(resource, request, response);
  else sendStageError(response, "method-not-allowed", { headers: { allow: "DELETE, PATCH" } });
}

async function trickle(resource: SessionResource, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (mediaType(request) !== "application/trickle-ice-sdpfrag") {
    sendStageError(response, "unsupported-media-type", {
      headers: { "accept-patch": "application/trickle-ice-sdpfrag" },
    });
    return;
  }
  const ifMatch = request.headers["if-match"];
  if (ifMatch !== undefined && ifMatch !== "*" && ifMatch !== resource.etag) {
    sendStageError(response, "etag-wrong");
    return;
  }
  const text = await readBody(request, MAX_SDP_CHARACTERS);
  const fragment = text === undefined ? undefined : readTrickleFragment(text, resource.usernameFragment);
  if (!fragment) sendStageError(response, "body-too-large", { headers: { connection: "close" } });
  else if (fragment.kind === "unreadable") sendStageError(response, "fragment-unreadable");
  // RFC 9725 4.3.1: trickle ICE is taken and restarts are not, so 422; 405 would deny every PATCH.
  else if (fragment.kind === "restart") sendStageError(response, "ice-restart-unsupported");
  else response.writeHead(204, { "cache-control": "no-store" }).end();
}

const mediaType = (request: IncomingMessage): string =>
  (request.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";

/** RFC 9725 4.6. */
function linkHeader(server: IceServer): string[] {
  const credentials =
    server.username === undefined
      ? ""
      : `; username="${server.username}"; credential="${server.credential}"; credential-type="password"`;
  return server.urls.map((url) => `<${url}>; rel="ice-server"${credentials}`);
}
