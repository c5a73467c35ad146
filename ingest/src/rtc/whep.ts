import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Logger } from "@lianmai/process";
import { Value } from "typebox/value";
import type { ProgramLinks } from "../program/program-links.ts";
import { refuseLine, sendLine } from "../webrtc/negotiate.ts";
import { readDescription, SdpError, type SessionDescription } from "../webrtc/sdp.ts";
import type { LocalLine } from "../webrtc/write-sdp.ts";
import {
  WHEP_COMMANDS_CHANNEL,
  WHEP_VIEWER_HEADER,
  type WhepCommand,
  type WhepViewerFacts,
  whepCommandSchema,
  whepViewerSchema,
} from "../whep-contract.ts";
import type { StageErrorCode } from "./errors.ts";
import type { PeerParts } from "./peer-factory.ts";
import type { SessionAnswer, SessionResource, SessionService } from "./session-routes.ts";
import { WhepViewer } from "./whep-viewer.ts";

interface WhepOptions {
  readonly programs: ProgramLinks;
  readonly peers: PeerParts;
  readonly logger: Logger;
  /** Viewers at once, of those who count. */
  readonly maxViewers: number;
}

interface Session {
  readonly room: string;
  readonly facts: WhepViewerFacts;
  readonly viewer: WhepViewer;
}

/** Serves programs to players by WebRTC (draft-ietf-wish-whep, the player offers). */
export class WhepSessions implements SessionService {
  readonly #options: WhepOptions;
  readonly #sessions = new Map<string, Session>();
  #starting = 0;

  constructor(options: WhepOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#sessions.size;
  }

  find(room: string, sessionId: string): SessionResource | undefined {
    const found = this.#sessions.get(sessionId);
    return found?.room === room ? found.viewer : undefined;
  }

  async start(
    room: string,
    request: { readonly offer: string; readonly headers: IncomingHttpHeaders },
  ): Promise<SessionAnswer> {
    const read = readOffer(request.offer);
    if (read.kind === "refused") return read;
    const facts = readFacts(request.headers[WHEP_VIEWER_HEADER]);
    if (facts.counts && this.#counted() + this.#starting >= this.#options.maxViewers) {
      return { kind: "refused", code: "viewers-full" };
    }
    this.#starting += 1;
    try {
      return await this.#open(room, read, facts);
    } finally {
      this.#starting -= 1;
    }
  }

  /** Ends the sessions that an edge says may not go on. */
  message(channel: string, text: string): void {
    const command = channel === WHEP_COMMANDS_CHANNEL ? parse(text) : undefined;
    if (!Value.Check(whepCommandSchema, command)) return;
    for (const { room, facts, viewer } of this.#sessions.values())
      if (room === command.room && isMeant(command, facts)) viewer.close();
  }

  close(): void {
    for (const { viewer } of this.#sessions.values()) viewer.close();
  }

  async #open(
    room: string,
    read: Extract<ReadOffer, { kind: "read" }>,
    facts: WhepViewerFacts,
  ): Promise<SessionAnswer> {
    const { programs, peers, logger } = this.#options;
    const isOnAir = await programs.isOnAir(room).catch(() => undefined);
    if (!isOnAir) return { kind: "refused", code: isOnAir === undefined ? "unavailable" : "not-live" };
    const sessionId = randomUUID();
    const viewer = new WhepViewer({
      ...{ offer: read.offer, lines: read.lines, peers },
      program: programs.use(room),
      etag: `"${sessionId.slice(0, 8)}"`,
      onClosed: () => this.#sessions.delete(sessionId),
    });
    this.#sessions.set(sessionId, { room, facts, viewer });
    logger.debug({ room, session: sessionId }, "viewer by WebRTC");
    return { kind: "created", sessionId, sdp: viewer.answer(), etag: viewer.etag };
  }

  #counted(): number {
    return [...this.#sessions.values()].filter(({ facts }) => facts.counts).length;
  }
}

/** Nobody known, who takes a place like everybody. */
const STRANGER: WhepViewerFacts = { marks: [], counts: true, isStaff: false };

function readFacts(header: string | string[] | undefined): WhepViewerFacts {
  const value = typeof header === "string" ? parse(header, decodeURIComponent) : undefined;
  return Value.Check(whepViewerSchema, value) ? value : STRANGER;
}

function isMeant(command: WhepCommand, { marks, isStaff }: WhepViewerFacts): boolean {
  if (command.kind === "removed") return marks.some((mark) => command.marks.includes(mark));
  return !isStaff && !marks.some((mark) => command.but.includes(mark));
}

function parse(text: string, decode = (encoded: string) => encoded): unknown {
  try {
    return JSON.parse(decode(text));
  } catch {
    return undefined;
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
