/** Receives one Opus track: sorts its packets and hands them, with their media time, to the source's sound. */
import type { HandoverTrack } from "@lianmai/ingest/rtp-handover";
import type { Playout } from "../playout.ts";
import type { SoundTrack } from "../sound-track.ts";
import { readRtp, readSenderReport } from "./packet.ts";
import { ReorderBuffer } from "./reorder.ts";
import type { TrackTimeline } from "./sender-timeline.ts";

/** Sound must be in the ring this long before it is due; a missing packet is given up then. */
const AHEAD_MS = 35;
const LEAST_PATIENCE_MS = 5;
/** Taken at a time; more would hold up the program's clock. */
const MOST_PACKETS = 100;

export interface RtpSoundTrackOptions {
  readonly track: HandoverTrack;
  readonly sound: SoundTrack;
  readonly timeline: TrackTimeline;
  readonly playout: Playout;
}

export class RtpSoundTrack {
  readonly #options: RtpSoundTrackOptions;
  readonly #reorder = new ReorderBuffer();
  /** As it was last announced. */
  track: HandoverTrack;

  constructor(options: RtpSoundTrackOptions) {
    this.#options = options;
    this.track = options.track;
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

  /** Hands on what is in order, or has waited long enough. True when there was something. */
  release(nowMs: number, options: { readonly delayMs: number }): boolean {
    const patienceMs = Math.max(LEAST_PATIENCE_MS, options.delayMs - AHEAD_MS);
    let count = 0;
    for (; count < MOST_PACKETS; count++) {
      const packet = this.#reorder.take(nowMs, { patienceMs });
      if (!packet) break;
      const mediaMs = this.#options.timeline.mediaMs(packet.timestamp);
      this.#options.sound.push(packet.payload, { mediaMs, nowMs, isAfterLoss: packet.lostBefore > 0 });
    }
    return count > 0;
  }
}
