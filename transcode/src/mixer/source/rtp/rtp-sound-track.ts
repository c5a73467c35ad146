/** Receives one Opus track: hands its packets, in order and with their media time, to the source's sound. */
import type { SoundTrack } from "../sound-track.ts";
import type { Ordered } from "./reorder.ts";
import { RtpTrack, type RtpTrackLimits, type RtpTrackOptions } from "./rtp-track.ts";

/** More packets at a time would hold up the program's clock. */
const LIMITS: RtpTrackLimits = { aheadMs: 35, leastPatienceMs: 5, mostPackets: 100 };

export class RtpSoundTrack extends RtpTrack {
  readonly #sound: SoundTrack;

  constructor(options: RtpTrackOptions & { readonly sound: SoundTrack }) {
    super(options, LIMITS);
    this.#sound = options.sound;
  }

  protected override take(packet: Ordered, nowMs: number): void {
    const mediaMs = this.timeline.mediaMs(packet.timestamp);
    this.#sound.push(packet.payload, { mediaMs, nowMs, isAfterLoss: packet.lostBefore > 0 });
  }
}
