/** Plays the program by WebRTC (WHEP): half a second behind, without a buffer to steer. */
import type { Engine, EngineFacts, EngineOptions } from "./engine.ts";
import { iceServersOf } from "./ice-links.ts";
import { NewestLayout } from "./newest-layout.ts";

/** From the offer to the connection. */
const CONNECT_BUDGET_MS = 8_000;

/** Where a program that is played from `playlistUrl` is to be had by WebRTC. */
export const whepUrlOf = (playlistUrl: string): string => playlistUrl.replace(/^\/live\/([^/]+)\/.*$/, "/whep/$1");

export class WhepEngine implements Engine {
  readonly kind = "whep";
  readonly #video: HTMLVideoElement;
  readonly #options: EngineOptions;
  readonly #abort = new AbortController();
  readonly #peer = new RTCPeerConnection();
  readonly #stream = new MediaStream();
  readonly #layout: NewestLayout;
  readonly #budget: ReturnType<typeof setTimeout>;
  #session = "";
  #failed = false;

  constructor(video: HTMLVideoElement, options: EngineOptions) {
    this.#video = video;
    this.#options = options;
    const { signal } = this.#abort;
    video.addEventListener("loadedmetadata", () => options.report({ kind: "levels" }), { signal });
    this.#peer.addEventListener("track", ({ track }) => this.#stream.addTrack(track), { signal });
    this.#peer.addEventListener("connectionstatechange", () => this.#connection(), { signal });
    video.srcObject = this.#stream;
    this.#layout = new NewestLayout(options.playlistUrl, options.random);
    this.#budget = setTimeout(() => this.#fail("no connection"), CONNECT_BUDGET_MS);
    this.#connect().catch((error: unknown) => this.#fail(String(error)));
  }

  look(): EngineFacts {
    const { videoWidth: width, videoHeight: height } = this.#video;
    return {
      levels: height > 0 ? [{ width, height, fps: 0, bitsPerSecond: 0 }] : [],
      level: height > 0 ? 0 : -1,
      loadLevel: -1,
      audioOnlyOffered: false,
      edgeLatencyMs: undefined,
      pictureAgeMs: undefined,
      aheadMs: 0,
      partTargetMs: 0,
      bitsPerSecond: this.#options.seedBitsPerSecond,
      layout: this.#layout.text,
      finished: false,
    };
  }

  want(): void {}

  steer(): void {}

  goLive(): void {}

  recoverMedia(): void {
    this.#fail("no picture");
  }

  close(): void {
    if (this.#abort.signal.aborted) return;
    this.#abort.abort();
    clearTimeout(this.#budget);
    this.#peer.close();
    this.#layout.close();
    this.#video.srcObject = null;
    // Told, so that the place is free at once; unheard, the server notices by itself.
    if (this.#session) void fetch(this.#session, { method: "DELETE", keepalive: true }).catch(() => undefined);
  }

  async #connect(): Promise<void> {
    const { signal } = this.#abort;
    for (const kind of ["video", "audio"]) this.#peer.addTransceiver(kind, { direction: "recvonly" });
    // Sent before it is the local description: the server needs no candidates of ours, and its answer names the STUN
    // and TURN servers, which must be set before gathering begins (RFC 9725 section 4.6).
    const offer = await this.#peer.createOffer();
    const response = await fetch(whepUrlOf(this.#options.playlistUrl), {
      method: "POST",
      headers: { "content-type": "application/sdp" },
      body: offer.sdp ?? "",
      signal,
    });
    this.#session = response.headers.get("location") ?? "";
    if (!response.ok) throw new Error(`WHEP ${response.status}`);
    const sdp = await response.text();
    if (signal.aborted) return;
    const iceServers = iceServersOf(response.headers.get("link") ?? "");
    if (iceServers.length > 0) this.#peer.setConfiguration({ iceServers });
    await this.#peer.setLocalDescription(offer);
    await this.#peer.setRemoteDescription({ type: "answer", sdp });
  }

  #connection(): void {
    const { connectionState: state } = this.#peer;
    if (state === "connected") clearTimeout(this.#budget);
    if (state === "failed" || state === "disconnected") this.#fail(`connection ${state}`);
  }

  #fail(details: string): void {
    if (this.#failed || this.#abort.signal.aborted) return;
    this.#failed = true;
    clearTimeout(this.#budget);
    this.#options.report({ kind: "failed", cause: "network", details });
  }
}
