import type { ProgramUse } from "../program/program-links.ts";
import type { Consumer } from "../sfu/consumer.ts";
import { chooseLayers } from "../stage/choose-layers.ts";
import { targetOf } from "../webrtc/negotiate.ts";
import type { SessionDescription } from "../webrtc/sdp.ts";
import type { LocalLine } from "../webrtc/write-sdp.ts";
import { type MediaPeer, openPeer, type PeerParts } from "./peer-factory.ts";
import type { SessionResource } from "./session-routes.ts";

const ALLOCATE_EVERY_MS = 500;
/** A player that sends nothing at all for this long, reports included, is gone. */
const SILENT_MS = 15_000;
/** Shown as large as it is. */
const FULL_HEIGHT = 4_320;

/** One player of a program: its peer, and the layer that its way carries. */
export class WhepViewer implements SessionResource {
  readonly etag: string;
  readonly usernameFragment: string;
  readonly #options: { readonly peers: PeerParts; readonly program: ProgramUse; readonly onClosed: () => void };
  readonly #lines: readonly LocalLine[];
  readonly #peer: MediaPeer;
  readonly #timer: NodeJS.Timeout;
  #video: Consumer | undefined;

  /** Throws when the transport is not taken; the program is given back then. */
  constructor(options: {
    readonly offer: SessionDescription;
    readonly lines: readonly LocalLine[];
    readonly peers: PeerParts;
    readonly program: ProgramUse;
    readonly etag: string;
    readonly onClosed: () => void;
  }) {
    this.#options = options;
    this.#lines = options.lines;
    this.etag = options.etag;
    this.usernameFragment = options.offer.transport.usernameFragment;
    try {
      this.#peer = openPeer(options.offer, [], {
        ...options.peers,
        onConnected: () => this.#begin(),
        onClosed: () => this.#ended(),
      });
    } catch (error) {
      options.program.release();
      throw error;
    }
    this.#peer.connection.onNarrower = () => this.#choose();
    this.#timer = setInterval(() => this.#look(), ALLOCATE_EVERY_MS);
  }

  answer(): string {
    return this.#peer.describe(this.#lines, "answer");
  }

  close(): void {
    this.#peer.close();
  }

  #begin(): void {
    const { media } = this.#options.program.link;
    for (const line of this.#lines) {
      const target = targetOf(line);
      if (!target) continue;
      const isVideo = line.type === "video";
      const consumer = this.#peer.connection.consume(isVideo ? media.video : media.mix, target, () => {});
      if (isVideo) this.#video = consumer;
    }
  }

  #ended(): void {
    clearInterval(this.#timer);
    this.#options.program.release();
    this.#options.onClosed();
  }

  #look(): void {
    const { connection } = this.#peer;
    if (connection.silentMs > SILENT_MS) {
      this.close();
      return;
    }
    this.#choose();
  }

  #choose(): void {
    const { bandwidth } = this.#peer.connection;
    if (!this.#video) return;
    const nowMs = this.#options.peers.nowMs();
    const layers = this.#video.producer.liveLayers(nowMs);
    const bits = bandwidth.heard ? bandwidth.estimate : Number.POSITIVE_INFINITY;
    const congested = bandwidth.congested(nowMs);
    const picture = { layers, height: FULL_HEIGHT, current: this.#video.current };
    const { layers: chosen, next } = chooseLayers([picture], 1, { bits, congested });
    bandwidth.wish(next);
    const [layer] = chosen;
    if (layer !== undefined) this.#video.want(layer, nowMs, congested ? { drainMs: bandwidth.drainMs } : {});
    // Sound first: what is left for the picture may be nothing.
    this.#video.pause(layer === undefined && layers.length > 0, nowMs);
  }
}
