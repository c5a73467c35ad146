import type { IncomingMessage, ServerResponse } from "node:http";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { sendStageError } from "../rtc/errors.ts";
import { type MediaPeer, openPeer, type PeerParts } from "../rtc/peer-factory.ts";
import { readBody } from "../rtc/read-body.ts";
import { type IceServer, MAX_SDP_CHARACTERS } from "../signalling.ts";
import { takeLine } from "../webrtc/negotiate.ts";
import { readDescription, SdpError } from "../webrtc/sdp.ts";

const PATH = "/connection-test";
/** Peers under test at once; each is asked for by a signed-in user. */
const MAX_PEERS = 16;
/** A test is over by then, whatever the browser does. */
const PEER_LIFE_MS = 20_000;
const offerSchema = Type.Object({ sdp: Type.String({ minLength: 1, maxLength: MAX_SDP_CHARACTERS }) });

/**
 * `GET /connection-test`: the ICE servers browsers are told. `POST`: answers an offer with a peer that takes media,
 * reports on them and throws them away, so that a browser can measure its way here before a show. Returns false for
 * any other path. The edge has checked that somebody is signed in.
 */
export function connectionTestRoutes(parts: {
  readonly peers: PeerParts;
  readonly iceServers: () => readonly IceServer[];
}): (request: IncomingMessage, response: ServerResponse) => boolean {
  const open = new Set<MediaPeer>();
  return (request, response) => {
    if ((request.url ?? "").split("?", 1)[0] !== PATH) return false;
    if (request.method === "GET") sendJson(response, { iceServers: parts.iceServers() });
    else if (request.method !== "POST")
      sendStageError(response, "method-not-allowed", { headers: { allow: "GET, POST" } });
    else if (open.size >= MAX_PEERS) sendStageError(response, "stage-full");
    else {
      answer(parts.peers, open, request, response).catch((error: unknown) => {
        if (!response.headersSent)
          sendStageError(response, error instanceof SdpError ? "offer-unreadable" : "internal");
      });
    }
    return true;
  };
}

async function answer(
  peers: PeerParts,
  open: Set<MediaPeer>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const text = await readBody(request, 2 * MAX_SDP_CHARACTERS);
  const body = text === undefined ? undefined : parse(text);
  if (!Value.Check(offerSchema, body)) {
    sendStageError(response, "bad-message");
    return;
  }
  const offer = readDescription(body.sdp);
  const agreed = offer.media.map((media) => takeLine(media, ["vp8", "h264", "opus"]));
  let timer: NodeJS.Timeout | undefined;
  const peer: MediaPeer = openPeer(offer, agreed, {
    ...peers,
    onConnected: () => {},
    onClosed: () => {
      clearTimeout(timer);
      open.delete(peer);
    },
  });
  open.add(peer);
  timer = setTimeout(() => peer.close(), PEER_LIFE_MS).unref();
  const lines = agreed.map(({ local }) => local);
  sendJson(response, { sdp: peer.describe(lines, "answer") });
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(JSON.stringify(value));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
