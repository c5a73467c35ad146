import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Logger } from "@lianmai/process";
import type { ProgramLinks } from "../program/program-links.ts";
import { refuseLine, sendLine } from "../webrtc/negotiate.ts";
import { readDescription, SdpError, type SessionDescription } from "../webrtc/sdp.ts";
import type { LocalLine } from "../webrtc/write-sdp.ts";
import type { StageErrorCode } from "./errors.ts";
import type { PeerParts } from "./peer-factory.ts";
import type { SessionAnswer, SessionResource, SessionService } from "./session-routes.ts";
import { WhepViewer } from "./whep-viewer.ts";

/** Set by the edge: "always" for those who are let in whatever the number of viewers. */
const VIEWER_HEADER = "x-lianmai-viewer";

interface WhepOptions {
  readonly programs: ProgramLinks;
  readonly peers: PeerParts;
  readonly logger: Logger;
  /** Viewers at once; those let in always are not counted. */
  readonly maxViewers: number;
}

/** Serves programs to players by WebRTC (draft-ietf-wish-whep, the player offers). */
export class WhepSessions implements SessionService {
  readonly #options: WhepOptions;
  readonly #viewers = new Map<
    string,
    { readonly room: string; readonly counts: boolean; readonly viewer: WhepViewer }
  >();
  #starting = 0;

  constructor(options: WhepOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#viewers.size;
  }

  find(room: string, sessionId: string): SessionResource | undefined {
    const found = this.#viewers.get(sessionId);
    return found?.room === room ? found.viewer : undefined;
  }

  async start(
    room: string,
    request: { readonly offer: string; readonly headers: IncomingHttpHeaders },
  ): Promise<SessionAnswer> {
    const read = readOffer(request.offer);
    if (read.kind === "refused") return read;
    const counts = request.headers[VIEWER_HEADER] !== "always";
    if (counts && this.#counted() + this.#starting >= this.#options.maxViewers) {
      return { kind: "refused", code: "viewers-full" };
    }
    this.#starting += 1;
    try {
      return await this.#open(room, read, counts);
    } finally {
      this.#starting -= 1;
    }
  }

  close(): void {
    for (const { viewer } of this.#viewers.values()) viewer.close();
  }

  async #open(room: string, read: Extract<ReadOffer, { kind: "read" }>, counts: boolean): Promise<SessionAnswer> {
    const { programs, peers, logger } = this.#options;
    const isOnAir = await programs.isOnAir(room).catch(() => undefined);
    if (!isOnAir) return { kind: "refused", code: isOnAir === undefined ? "unavailable" : "not-live" };
    const sessionId = randomUUID();
    const viewer = new WhepViewer({
      ...{ offer: read.offer, lines: read.lines, peers },
      program: programs.use(room),
      etag: `"${sessionId.slice(0, 8)}"`,
      onClosed: () => this.#viewers.delete(sessionId),
    });
    this.#viewers.set(sessionId, { room, counts, viewer });
    logger.debug({ room, session: sessionId }, "viewer by WebRTC");
    return { kind: "created", sessionId, sdp: viewer.answer(), etag: viewer.etag };
  }

  #counted(): number {
    return [...this.#viewers.values()].filter(({ counts }) => counts).length;
  }
}

type ReadOffer =
  | { readonly kind: "read"; readonly offer: SessionDescription; readonly lines: readonly LocalLine[] }
  | { readonly kind: "refused"; readonly code: StageErrorCode; readonly detail?: string };

const CODECS = { video: "h264", audio: "opus" } as const;

/** The first line of each kind that takes what the program is coded in; the others are declined. */
function readOffer(text: string): ReadOffer {
  let offer: SessionDescription;
  try {
    offer = readDescription(text);
  } catch (error) {
    if (!(error instanceof SdpError)) throw error;
    return { kind: "refused", code: "offer-unreadable", detail: error.message };
  }
  const wanted = offer.media.filter(({ direction }) => direction === "recvonly" || direction === "sendrecv");
  if (!wanted.some(({ type }) => type in CODECS)) return { kind: "refused", code: "nothing-offered" };
  const taken = new Set<string>();
  const lines = offer.media.map((media) => {
    const codec = media.type === "video" || media.type === "audio" ? CODECS[media.type] : undefined;
    const line = codec && !taken.has(media.type) ? sendLine(media, { codec, sending: newTrack() }) : undefined;
    if (line) taken.add(media.type);
    return line ?? refuseLine(media);
  });
  return taken.size > 0 ? { kind: "read", offer, lines } : { kind: "refused", code: "no-common-codec" };
}

const randomSsrc = (): number => 1 + Math.floor(Math.random() * 0xffff_fffe);
/** One stream for both, so that the browser keeps them together. */
const newTrack = () => ({
  ...{ ssrc: randomSsrc(), rtxSsrc: randomSsrc(), cname: "program" },
  ...{ streamId: "program", trackId: randomUUID() },
});
