import { MediaConnection, type TrafficCounter } from "../sfu/connection.ts";
import { announceCandidates, type CandidateSettings } from "../webrtc/candidates.ts";
import type { AgreedLine } from "../webrtc/negotiate.ts";
import type { PeerEngine, RawPeer } from "../webrtc/raw-peer.ts";
import type { SessionDescription } from "../webrtc/sdp.ts";
import { type LocalLine, type LocalTransport, writeDescription } from "../webrtc/write-sdp.ts";

/** What every peer of the process is made with. */
export interface PeerParts {
  readonly engine: PeerEngine;
  readonly candidates: CandidateSettings;
  readonly nowMs: () => number;
  readonly traffic: TrafficCounter;
}

/** One far end with its media: the pipe, the RTP logic, and our side of the description. */
export interface MediaPeer {
  readonly connection: MediaConnection;
  /** The description of the lines as they are; each call is a new version. */
  describe(lines: readonly LocalLine[], kind: "answer" | "offer"): string;
  close(): void;
}

/** Opens a peer for an offer with the lines agreed on. Throws when the transport is not taken. */
export function openPeer(
  offer: SessionDescription,
  agreed: readonly AgreedLine[],
  options: PeerParts & { readonly onConnected: () => void; readonly onClosed: () => void },
): MediaPeer {
  const early: Buffer[] = [];
  let connection: MediaConnection | undefined;
  const peer: RawPeer = options.engine.answer(offer.transport, {
    onPacket: (packet) => (connection ? connection.packet(packet) : early.push(packet)),
    onConnected: options.onConnected,
    onClosed: () => {
      connection?.close();
      options.onClosed();
    },
  });
  connection = new MediaConnection({
    lines: agreed.flatMap(({ published }) => (published ? [published] : [])),
    send: (packet) => peer.send(packet),
    nowMs: options.nowMs,
    traffic: options.traffic,
  });
  for (const packet of early) connection.packet(packet);
  const sessionId = String(Math.floor(Math.random() * 2 ** 52));
  let version = 0;
  const { transport } = peer;
  const candidates = announceCandidates(transport.candidates, options.candidates);
  return {
    connection,
    describe(lines, kind) {
      version += 1;
      const local: LocalTransport = {
        ...transport,
        candidates,
        // RFC 8842 5.2: an offer leaves the role open; the association that stands keeps its own.
        setup: kind === "offer" ? "actpass" : transport.setup,
      };
      return writeDescription({ sessionId, version, transport: local, lines });
    },
    close: () => peer.close(),
  };
}
