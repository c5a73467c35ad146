/**
 * node-datachannel as a bare ICE, DTLS and SRTP pipe; its only importer. The library is never shown the real session
 * description: it sorts packets by what that says, and loses simulcast and late SSRCs. With one media line it hands
 * over every packet, and sends any (decision 16).
 */
import nodeDataChannel, { type PeerConnection, type Track } from "node-datachannel";
import type { RemoteTransport } from "./sdp.ts";

/** What the far end must know of us. */
export interface PeerTransport {
  readonly usernameFragment: string;
  readonly password: string;
  readonly fingerprint: string;
  readonly setup: "active" | "passive";
  /** Values of candidate attributes, host candidates only. */
  readonly candidates: readonly string[];
}

export interface RawPeerHandlers {
  /** Every RTP and RTCP packet, decrypted; the buffer is the receiver's to keep. */
  onPacket(packet: Buffer): void;
  onConnected(): void;
  /** Once, however it ended; the peer is closed by then. */
  onClosed(): void;
}

/** One media process's way to make peers; all share one UDP port. */
export interface PeerEngine {
  /** Answers a far end that offered. Throws when its transport is not taken. */
  answer(remote: RemoteTransport, handlers: RawPeerHandlers): RawPeer;
}

export interface RawPeer {
  readonly transport: PeerTransport;
  /** Protects and sends; false when it could not. RTCP is told from RTP by its second byte. */
  send(packet: Buffer): boolean;
  close(): void;
}

const DUMMY_PAYLOAD_TYPE = 96;
let serial = 0;

/** `port`: the UDP port of all peers. `host`: the address it is bound to. */
export function createPeerEngine(options: { readonly host: string; readonly port: number }): PeerEngine {
  return { answer: (remote, handlers) => answer(remote, handlers, options) };
}

function answer(
  remote: RemoteTransport,
  handlers: RawPeerHandlers,
  options: { readonly host: string; readonly port: number },
): RawPeer {
  serial += 1;
  const peer = new nodeDataChannel.PeerConnection(`peer-${serial}`, {
    iceServers: [],
    disableAutoNegotiation: true,
    forceMediaTransport: true,
    enableIceUdpMux: true,
    portRangeBegin: options.port,
    portRangeEnd: options.port,
    ...(["", "0.0.0.0", "::"].includes(options.host) ? {} : { bindAddress: options.host }),
  });
  try {
    return open(peer, remote, handlers);
  } catch (error) {
    peer.close();
    throw error;
  }
}

function open(peer: PeerConnection, remote: RemoteTransport, handlers: RawPeerHandlers): RawPeer {
  const media = new nodeDataChannel.Video("rtp", "SendRecv");
  media.addVP8Codec(DUMMY_PAYLOAD_TYPE);
  // Both are kept alive by this closure: the library's own references do not.
  const track: Track = peer.addTrack(media);
  let closed = false;
  const close = () => {
    if (closed) return;
    closed = true;
    // Without it the native side keeps the callbacks, and with them everything, for ever.
    peer.close();
    handlers.onClosed();
  };
  track.onMessage((packet) => {
    if (!closed) handlers.onPacket(packet);
  });
  track.onOpen(() => {
    if (!closed) handlers.onConnected();
  });
  peer.onStateChange((state) => {
    if (state === "disconnected" || state === "failed" || state === "closed") close();
  });
  peer.setRemoteDescription(reducedOffer(remote), "offer");
  peer.setLocalDescription("answer");
  const local = peer.localDescription()?.sdp ?? "";
  return {
    transport: readLocal(local),
    send(packet) {
      if (closed || !track.isOpen()) return false;
      try {
        return track.sendMessageBinary(packet);
      } catch {
        // Closed by the far end a moment ago; the state change is on its way.
        return false;
      }
    },
    close,
  };
}

function reducedOffer(remote: RemoteTransport): string {
  const lines = [
    "v=0",
    "o=- 1 1 IN IP4 127.0.0.1",
    "s=-",
    "t=0 0",
    "a=group:BUNDLE rtp",
    `m=video 9 UDP/TLS/RTP/SAVPF ${DUMMY_PAYLOAD_TYPE}`,
    "c=IN IP4 0.0.0.0",
    "a=mid:rtp",
    `a=ice-ufrag:${remote.usernameFragment}`,
    `a=ice-pwd:${remote.password}`,
    "a=ice-options:trickle",
    `a=fingerprint:${remote.fingerprint}`,
    `a=setup:${remote.setup}`,
    "a=sendrecv",
    "a=rtcp-mux",
    `a=rtpmap:${DUMMY_PAYLOAD_TYPE} VP8/90000`,
  ];
  return `${lines.join("\r\n")}\r\n`;
}

function readLocal(sdp: string): PeerTransport {
  const all = (name: string) =>
    [...sdp.matchAll(new RegExp(`^a=${name}:(.*?)\\r?$`, "gm"))].map((found) => found[1] ?? "");
  const one = (name: string) => {
    const [value] = all(name);
    if (!value) throw new Error(`the library's description has no ${name}`);
    return value;
  };
  return {
    usernameFragment: one("ice-ufrag"),
    password: one("ice-pwd"),
    fingerprint: one("fingerprint"),
    setup: one("setup") === "passive" ? "passive" : "active",
    candidates: [...new Set(all("candidate"))],
  };
}
