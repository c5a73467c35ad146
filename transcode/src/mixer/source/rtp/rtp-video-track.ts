/** Receives one video track: makes frames of its packets, and gives up what refers to lost ones. */
import type { VideoTrack } from "../video-track.ts";
import { H264Frames } from "./h264-frames.ts";
import type { Ordered } from "./reorder.ts";
import { RtpTrack, type RtpTrackLimits, type RtpTrackOptions } from "./rtp-track.ts";
import type { FrameAssembler } from "./video-assembler.ts";
import { Vp8Frames } from "./vp8-frames.ts";

const LIMITS: RtpTrackLimits = { aheadMs: 15, leastPatienceMs: 20, mostPackets: 2_000 };

export interface RtpVideoTrackOptions extends RtpTrackOptions {
  readonly video: VideoTrack;
  readonly onKeyframeNeeded: () => void;
}

export class RtpVideoTrack extends RtpTrack {
  readonly #video: VideoTrack;
  readonly #onKeyframeNeeded: () => void;
  readonly #frames: FrameAssembler;
  #needsKey = true;

  constructor(options: RtpVideoTrackOptions) {
    super(options, LIMITS);
    this.#video = options.video;
    this.#onKeyframeNeeded = options.onKeyframeNeeded;
    this.#frames = options.track.codec === "vp8" ? new Vp8Frames() : new H264Frames();
  }

  override release(nowMs: number, options: { readonly delayMs: number }): boolean {
    const released = super.release(nowMs, options);
    if (released && this.#needsKey) this.#onKeyframeNeeded();
    return released;
  }

  protected override take(packet: Ordered): void {
    for (const frame of this.#frames.push(packet)) {
      if (frame.isBroken) this.#needsKey = true;
      else if (frame.key) this.#needsKey = false;
      if (this.#needsKey) continue;
      const mediaMs = this.timeline.mediaMs(frame.timestamp);
      this.#video.push({ data: frame.data, key: frame.key, mediaMs, arrivedMs: packet.arrivedMs });
    }
  }
}
