import type { IncomingMessage, ServerResponse } from "node:http";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { type Takeover, takeoverSchema } from "../contract.ts";
import type { IceServer } from "../signalling.ts";
import { MAX_SDP_CHARACTERS } from "../signalling.ts";
import { sendStageError } from "./errors.ts";
import { readBody } from "./read-body.ts";
import { readTrickleFragment } from "./trickle.ts";
import type { WhipAnswer, WhipPublisher, WhipResource } from "./whip.ts";

/** Set by the edge for a request of the room's signed-in host, as JSON. */
export const HOST_HEADER = "x-lianmai-host";
const hostSchema = Type.Object({ userId: Type.String({ minLength: 1, maxLength: 64 }), takeover: takeoverSchema });

/** What the routes need of WHIP. */
export interface WhipService {
  start(room: string, request: StartRequest): Promise<WhipAnswer>;
  find(room: string, sessionId: string): WhipResource | undefined;
}

export interface StartRequest {
  readonly publisher: WhipPublisher | undefined;
  readonly offer: string;
  readonly userAgent: string;
}

export interface WhipRoutesOptions {
  readonly sessions: WhipService;
  readonly iceServers: () => readonly IceServer[];
}

/**
 * Answers `/whip/:room` and `/whip/:room/:session` (RFC 9725); returns false for any other
 * path. The edge has found out who asks.
 */
export function whipRoutes(
  options: WhipRoutesOptions,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  return (request, response) => {
    const [path = ""] = (request.url ?? "").split("?", 1);
    const [, first, room, sessionId, ...rest] = path.split("/");
    if (first !== "whip" || !room || rest.length > 0) return false;
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
  options: WhipRoutesOptions,
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
  const userAgent = request.headers["user-agent"] ?? "";
  const answer = await options.sessions.start(room, { publisher: readPublisher(request), offer, userAgent });
  if (answer.kind === "refused") {
    sendStageError(response, answer.code, { detail: answer.detail });
    return;
  }
  response.writeHead(201, {
    "content-type": "application/sdp",
    "cache-control": "no-store",
    location: `/whip/${room}/${answer.sessionId}`,
    etag: answer.etag,
    "accept-patch": "application/trickle-ice-sdpfrag",
    ...(links.length > 0 && { link: links }),
  });
  response.end(answer.sdp);
}

async function change(
  options: WhipRoutesOptions,
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
    resource.close("unpublished");
    response.writeHead(200, { "cache-control": "no-store" }).end();
  } else if (request.method === "PATCH") await trickle(resource, request, response);
  else sendStageError(response, "method-not-allowed", { headers: { allow: "DELETE, PATCH" } });
}

async function trickle(resource: WhipResource, request: IncomingMessage, response: ServerResponse): Promise<void> {
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
  // RFC 9725 4.3.2: a server without ICE restarts says so, and the client posts anew.
  else if (fragment.kind === "restart")
    sendStageError(response, "ice-restart-unsupported", { headers: { allow: "DELETE" } });
  else response.writeHead(204, { "cache-control": "no-store" }).end();
}

function readPublisher(request: IncomingMessage): WhipPublisher | undefined {
  const host = readHost(request.headers[HOST_HEADER]);
  if (host) return { by: "host", ...host };
  const [scheme, key] = (request.headers.authorization ?? "").split(" ", 3);
  return scheme?.toLowerCase() === "bearer" && key ? { by: "key", key } : undefined;
}

function readHost(header: string | string[] | undefined): { userId: string; takeover: Takeover } | undefined {
  if (typeof header !== "string") return undefined;
  try {
    const value: unknown = JSON.parse(header);
    return Value.Check(hostSchema, value) ? value : undefined;
  } catch {
    return undefined;
  }
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
