/** One peer connection to the stage: the browser's four tracks out, everybody else's in. */
import type { IceServer, StageTrack } from "@lianmai/ingest/signalling";
import { pixelsOf, simulcastLayers } from "./simulcast-layers.ts";

/** What a browser sends; the stage knows its tracks by this order. */
export const SENT_SLOTS = ["microphone", "camera", "screen", "screenSound"] as const;
export type SentSlot = (typeof SENT_SLOTS)[number];
export type SentTracks = Readonly<Record<SentSlot, MediaStreamTrack | null>>;

/** Bits a second of the largest layer of each picture. */
export interface SentBits {
  readonly camera: number;
  readonly screen: number;
}

export interface StagePeerOptions {
  readonly iceServers: readonly IceServer[];
  readonly tracks: SentTracks;
  readonly bits: SentBits;
  readonly onConnected: () => void;
  /** The way is gone, and does not come back by itself: the server takes no ICE restart. */
  readonly onLost: () => void;
}

/** A way that has broken is given this long to come back: packets may take another route of the same pair. */
const BROKEN_MS = 1_500;
const CONNECT_BUDGET_MS = 12_000;

export class StagePeer {
  readonly #options: StagePeerOptions;
  readonly #peer: RTCPeerConnection;
  readonly #senders = new Map<SentSlot, RTCRtpSender>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #bits: SentBits;
  #shaped: Promise<void> = Promise.resolve();
  #over = false;

  constructor(options: StagePeerOptions) {
    this.#options = options;
    this.#bits = options.bits;
    const iceServers = options.iceServers.map((server) => ({ ...server, urls: [...server.urls] }));
    this.#peer = new RTCPeerConnection({ iceServers, bundlePolicy: "max-bundle" });
    this.#peer.onconnectionstatechange = () => this.#changed();
    for (const slot of SENT_SLOTS) this.#add(slot);
    this.#timer = setTimeout(() => this.#lost(), CONNECT_BUDGET_MS);
  }

  /** The browser's only offer. Candidates are not waited for: the server finds them by the checks. */
  async offer(): Promise<string> {
    await this.#peer.setLocalDescription();
    return this.#peer.localDescription?.sdp ?? "";
  }

  async answered(sdp: string): Promise<void> {
    await this.#peer.setRemoteDescription({ type: "answer", sdp });
  }

  /** Answers an offer of the server. */
  async answer(sdp: string): Promise<string> {
    await this.#peer.setRemoteDescription({ type: "offer", sdp });
    await this.#peer.setLocalDescription();
    return this.#peer.localDescription?.sdp ?? "";
  }

  /** What is received on the lines of these tracks. */
  received(tracks: readonly StageTrack[]): { readonly of: StageTrack; readonly track: MediaStreamTrack }[] {
    const lines = new Map(this.#peer.getTransceivers().map((one) => [one.mid, one.receiver.track]));
    return tracks.flatMap((of) => {
      const track = lines.get(of.mid);
      return track ? [{ of, track }] : [];
    });
  }

  async send(slot: SentSlot, track: MediaStreamTrack | null): Promise<void> {
    const sender = this.#senders.get(slot);
    if (!sender || sender.track === track) return;
    await sender.replaceTrack(track).catch(() => {});
    if (slot === "camera") await this.#shape(slot);
  }

  /** Changes what the pictures may take. */
  async limit(bits: SentBits): Promise<void> {
    this.#bits = bits;
    for (const slot of ["camera", "screen"] as const) await this.#shape(slot);
  }

  stats(): Promise<RTCStatsReport> {
    return this.#peer.getStats();
  }

  close(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#peer.close();
  }

  #add(slot: SentSlot): void {
    const track = this.#options.tracks[slot];
    const kind = slot === "camera" || slot === "screen" ? "video" : "audio";
    const init: RTCRtpTransceiverInit = { direction: "sendonly" };
    if (slot === "camera") init.sendEncodings = simulcastLayers(this.#bits.camera, pixelsOf(track));
    if (slot === "screen") init.sendEncodings = [{ maxBitrate: this.#bits.screen }];
    const { sender } = this.#peer.addTransceiver(track ?? kind, init);
    this.#senders.set(slot, sender);
  }

  /** Gives a picture's encodings what it may take, by its size. One after the other: a browser refuses two at once. */
  #shape(slot: "camera" | "screen"): Promise<void> {
    this.#shaped = this.#shaped.then(() => this.#shapeNow(slot));
    return this.#shaped;
  }

  async #shapeNow(slot: "camera" | "screen"): Promise<void> {
    const sender = this.#senders.get(slot);
    const parameters = sender?.getParameters();
    if (!sender || !parameters) return;
    const wanted =
      slot === "screen"
        ? [{ maxBitrate: this.#bits.screen }]
        : simulcastLayers(this.#bits.camera, pixelsOf(sender.track));
    for (const [at, encoding] of parameters.encodings.entries()) Object.assign(encoding, wanted[at]);
    await sender.setParameters(parameters).catch(() => {});
  }

  #changed(): void {
    const { connectionState } = this.#peer;
    if (this.#over) return;
    if (connectionState === "connected") {
      clearTimeout(this.#timer);
      this.#options.onConnected();
    } else if (connectionState === "disconnected") {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#lost(), BROKEN_MS);
    } else if (connectionState === "failed" || connectionState === "closed") {
      this.#lost();
    }
  }

  #lost(): void {
    if (this.#over) return;
    this.close();
    this.#options.onLost();
  }
}
