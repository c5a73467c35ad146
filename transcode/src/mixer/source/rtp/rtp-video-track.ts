/** Receives one video track: sorts its packets, makes frames of them, and gives up what refers to lost ones. */
import type { HandoverTrack } from "@lianmai/ingest/rtp-handover";
import type { Playout } from "../playout.ts";
import type { VideoTrack } from "../video-track.ts";
import { H264Frames } from "./h264-frames.ts";
import { readRtp, readSenderReport } from "./packet.ts";
import { type Ordered, ReorderBuffer } from "./reorder.ts";
import type { TrackTimeline } from "./sender-timeline.ts";
import type { FrameAssembler } from "./video-assembler.ts";
import { Vp8Frames } from "./vp8-frames.ts";

/** Pictures must be decoded this long before they are due; a missing packet is given up then. */
const AHEAD_MS = 15;
const LEAST_PATIENCE_MS = 20;
const MOST_PACKETS = 2_000;

export interface RtpVideoTrackOptions {
  readonly track: HandoverTrack;
  readonly video: VideoTrack;
  readonly timeline: TrackTimeline;
  readonly playout: Playout;
  readonly onKeyframeNeeded: () => void;
}

export class RtpVideoTrack {
  readonly #options: RtpVideoTrackOptions;
  readonly #reorder = new ReorderBuffer();
  readonly #frames: FrameAssembler;
  /** As it was last announced. */
  track: HandoverTrack;
  #needsKey = true;

  constructor(options: RtpVideoTrackOptions) {
    this.#options = options;
    this.track = options.track;
    this.#frames = options.track.codec === "vp8" ? new Vp8Frames() : new H264Frames();
  }

  get lost(): number {
    return this.#reorder.lost;
  }

  push(bytes: Buffer, options: { readonly arrivalMs: number; readonly lagMs: number }): void {
    const packet = readRtp(bytes);
    if (!packet || packet.payload.length === 0) return;
    const mediaMs = this.#options.timeline.arrive(packet.timestamp, options.arrivalMs);
    this.#options.playout.observe(mediaMs, options);
    this.#reorder.push(packet, options.arrivalMs);
  }

  report(bytes: Buffer): void {
    const report = readSenderReport(bytes);
    if (report) this.#options.timeline.report(report);
  }

  /** Hands on what is in order, or has waited long enough. */
  release(nowMs: number, options: { readonly delayMs: number }): void {
    const patienceMs = Math.max(LEAST_PATIENCE_MS, options.delayMs - AHEAD_MS);
    let count = 0;
    for (; count < MOST_PACKETS; count++) {
      const packet = this.#reorder.take(nowMs, { patienceMs });
      if (!packet) break;
      this.#take(packet);
    }
    if (count > 0 && this.#needsKey) this.#options.onKeyframeNeeded();
  }

  #take(packet: Ordered): void {
    for (const frame of this.#frames.push(packet)) {
      if (frame.isBroken) this.#needsKey = true;
      else if (frame.key) this.#needsKey = false;
      if (this.#needsKey) continue;
      const mediaMs = this.#options.timeline.mediaMs(frame.timestamp);
      this.#options.video.push({ data: frame.data, key: frame.key, mediaMs, arrivedMs: packet.arrivedMs });
    }
  }
}
