/** What both kinds of track do with their packets: read them, learn time from them, bring them into order. */
import type { HandoverTrack } from "@lianmai/ingest/rtp-handover";
import type { Playout } from "../playout.ts";
import { readRtp, readSenderReport } from "./packet.ts";
import { type Ordered, ReorderBuffer } from "./reorder.ts";
import type { TrackTimeline } from "./sender-timeline.ts";

export interface RtpTrackOptions {
  readonly track: HandoverTrack;
  readonly timeline: TrackTimeline;
  readonly playout: Playout;
}

/** How long a kind of track waits for a missing packet, and how much it hands on at a time. */
export interface RtpTrackLimits {
  /** Media must be handed on this long before it is due; a missing packet is given up then. */
  readonly aheadMs: number;
  readonly leastPatienceMs: number;
  readonly mostPackets: number;
}

export abstract class RtpTrack {
  readonly #reorder = new ReorderBuffer();
  readonly #limits: RtpTrackLimits;
  readonly #playout: Playout;
  protected readonly timeline: TrackTimeline;
  /** As it was last announced. */
  track: HandoverTrack;

  constructor(options: RtpTrackOptions, limits: RtpTrackLimits) {
    this.#limits = limits;
    this.#playout = options.playout;
    this.timeline = options.timeline;
    this.track = options.track;
  }

  get lost(): number {
    return this.#reorder.lost;
  }

  push(bytes: Buffer, options: { readonly arrivalMs: number; readonly lagMs: number }): void {
    const packet = readRtp(bytes);
    if (!packet || packet.payload.length === 0) return;
    const mediaMs = this.timeline.arrive(packet.timestamp, options.arrivalMs);
    this.#playout.observe(mediaMs, options);
    this.#reorder.push(packet, options.arrivalMs);
  }

  report(bytes: Buffer): void {
    const report = readSenderReport(bytes);
    if (report) this.timeline.report(report);
  }

  /** Hands on what is in order, or has waited long enough. True when there was something. */
  release(nowMs: number, options: { readonly delayMs: number }): boolean {
    const { aheadMs, leastPatienceMs, mostPackets } = this.#limits;
    const patienceMs = Math.max(leastPatienceMs, options.delayMs - aheadMs);
    let count = 0;
    for (; count < mostPackets; count++) {
      const packet = this.#reorder.take(nowMs, { patienceMs });
      if (!packet) break;
      this.take(packet, nowMs);
    }
    return count > 0;
  }

  /** The next packet in order. */
  protected abstract take(packet: Ordered, nowMs: number): void;
}
