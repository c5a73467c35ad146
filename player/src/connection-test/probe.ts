/** One try to reach the media port by one way, with a picture that is made up, and what came of it. */
import type { IceServer } from "@lianmai/ingest/signalling";

export type Way = "udp" | "tcp" | "relay";

export interface ProbeResult {
  readonly way: Way;
  readonly reached: boolean;
  readonly connectMs: number;
  readonly roundTripMs: number;
  /** What may be sent, as the browser estimates it; 0 when it was not measured. */
  readonly bitsPerSecond: number;
  /** Share of what was sent that did not arrive, 0 to 1. */
  readonly lost: number;
  /** Kinds of the browser's own candidates. */
  readonly kinds: readonly string[];
}

export interface ProbeOptions {
  readonly way: Way;
  readonly iceServers: readonly IceServer[];
  /** Sends the offer; the answer. */
  readonly ask: (sdp: string) => Promise<string>;
  /** How long to send for the estimate, 0 for not at all. */
  readonly sendMs: number;
}

const CONNECT_BUDGET_MS = 8_000;
const GATHER_BUDGET_MS = 3_000;
const TOP_BITS = 8_000_000;

export async function probe(options: ProbeOptions): Promise<ProbeResult> {
  const { way, iceServers, ask, sendMs } = options;
  const peer = new RTCPeerConnection({
    iceServers: iceServers.map((server) => ({ ...server, urls: [...server.urls] })),
    iceTransportPolicy: way === "relay" ? "relay" : "all",
  });
  const picture = noise();
  const kinds = new Set<string>();
  peer.onicecandidate = ({ candidate }) => candidate?.type && kinds.add(candidate.type);
  const startedMs = performance.now();
  const failed = { way, reached: false, connectMs: 0, roundTripMs: 0, bitsPerSecond: 0, lost: 0 } as const;
  try {
    peer.addTransceiver(picture.track, { direction: "sendonly", sendEncodings: [{ maxBitrate: TOP_BITS }] });
    await peer.setLocalDescription();
    if (way === "relay") await gathered(peer);
    const answer = await ask(peer.localDescription?.sdp ?? "");
    await peer.setRemoteDescription({ type: "answer", sdp: only(way, answer) });
    if (!(await connected(peer))) return { ...failed, kinds: [...kinds] };
    const connectMs = performance.now() - startedMs;
    await wait(sendMs);
    return { way, reached: true, connectMs, kinds: [...kinds], ...(await measured(peer, sendMs)) };
  } catch {
    return { ...failed, kinds: [...kinds] };
  } finally {
    picture.stop();
    peer.close();
  }
}

/** The answer with the candidates of one way only. Pure. */
export function only(way: Way, sdp: string): string {
  const unwanted = way === "tcp" ? /^a=candidate:\S+ \d+ udp /i : /^a=candidate:\S+ \d+ tcp /i;
  return sdp
    .split("\r\n")
    .filter((line) => !unwanted.test(line))
    .join("\r\n");
}

async function measured(peer: RTCPeerConnection, sendMs: number) {
  let [roundTripMs, bitsPerSecond, lost] = [0, 0, 0];
  for (const stat of (await peer.getStats()).values()) {
    if (stat.type === "candidate-pair" && stat.nominated) {
      roundTripMs = (stat.currentRoundTripTime ?? 0) * 1_000;
      if (sendMs > 0) bitsPerSecond = stat.availableOutgoingBitrate ?? 0;
    }
    if (stat.type === "remote-inbound-rtp") lost = stat.fractionLost ?? 0;
  }
  return { roundTripMs, bitsPerSecond, lost };
}

async function connected(peer: RTCPeerConnection): Promise<boolean> {
  for (let waited = 0; waited < CONNECT_BUDGET_MS; waited += 50) {
    if (peer.connectionState === "connected") return true;
    if (peer.connectionState === "failed") return false;
    await wait(50);
  }
  return false;
}

async function gathered(peer: RTCPeerConnection): Promise<void> {
  for (let waited = 0; waited < GATHER_BUDGET_MS && peer.iceGatheringState !== "complete"; waited += 50) await wait(50);
}

/** A picture that cannot be compressed, so that the browser tries how much the way takes. */
function noise(): { readonly track: MediaStreamTrack; readonly stop: () => void } {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1_280, height: 720 });
  const pen = canvas.getContext("2d");
  const tile = pen?.createImageData(256, 144);
  const timer = setInterval(() => {
    if (!pen || !tile) return;
    for (let at = 0; at < tile.data.length; at += 65_536) crypto.getRandomValues(tile.data.subarray(at, at + 65_536));
    for (let at = 3; at < tile.data.length; at += 4) tile.data[at] = 255;
    for (let x = 0; x < 5; x += 1) for (let y = 0; y < 5; y += 1) pen.putImageData(tile, x * 256, y * 144);
  }, 66);
  const [track] = canvas.captureStream(15).getVideoTracks();
  if (!track) throw new Error("the canvas gives no picture");
  return {
    track,
    stop: () => {
      clearInterval(timer);
      track.stop();
    },
  };
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
