import { randomBytes } from "node:crypto";
import type { Clock, Logger } from "@lianmai/process";
import type { IngestHealth, Publication } from "../contract.ts";
import { HealthMeter } from "../health/meter.ts";
import { RtpMeter } from "../health/rtp-meter.ts";
import type { IngestMetrics } from "../metrics.ts";
import { announceable, type MediaFacts } from "../publication/announce.ts";
import type { AdmittedPublisher, PublisherSession } from "../publication/publisher-session.ts";
import type { EndReason } from "../publication/reasons.ts";
import type { SessionHooks } from "../publication/registry.ts";
import { HandoverSource } from "../sfu/handover-source.ts";
import type { Producer } from "../sfu/producer.ts";

/** A track to publish, with the payload type it arrives under. */
export interface PublishedTrack {
  readonly producer: Producer;
  readonly payloadType: number;
}

export interface RtcSessionOptions extends SessionHooks {
  readonly admitted: AdmittedPublisher;
  readonly protocol: Extract<Publication["protocol"], "whip" | "stage">;
  readonly tracks: readonly PublishedTrack[];
  /** What the publisher calls itself. */
  readonly encoder: string;
  readonly clock: Clock;
  readonly metrics: Pick<IngestMetrics, "ended">;
  /** The peer behind it is to go (WHIP), or goes on unpublished (stage). */
  readonly onClose: (reason: EndReason) => void;
}

const LOOK_EVERY_MS = 100;

/** A room's publisher by WebRTC: its producers as the room's source, announced once they flow. */
export class RtcSession implements PublisherSession {
  readonly sessionId: string;
  readonly room: string;
  readonly keyHash: string;
  readonly token = randomBytes(24).toString("base64url");
  readonly source: HandoverSource;
  readonly logger: Logger;
  readonly #options: RtcSessionOptions;
  readonly #meter: HealthMeter;
  readonly #meters: readonly { readonly track: PublishedTrack; readonly meter: RtpMeter }[];
  readonly #startedWallMs: number;
  readonly #startedMs: number;
  readonly #timer: NodeJS.Timeout;
  #announced: Pick<Publication, "videoCodec" | "audioCodec"> | undefined;
  #ended: EndReason | undefined;

  constructor(options: RtcSessionOptions) {
    const { admitted, clock, tracks } = options;
    this.#options = options;
    this.sessionId = admitted.sessionId;
    this.room = admitted.room;
    this.keyHash = admitted.keyHash;
    this.logger = options.logger;
    this.#startedWallMs = clock.wallMs();
    this.#startedMs = clock.monotonicMs();
    this.#meter = new HealthMeter({ startedMs: this.#startedMs });
    this.#meter.metadataSeen({ encoder: options.encoder.slice(0, 120), width: 0, height: 0, fps: 0 });
    this.#meters = tracks.map((track) => ({ track, meter: new RtpMeter(track.producer, this.#meter) }));
    this.source = new HandoverSource(tracks, { nowMs: () => clock.monotonicMs() });
    this.#timer = setInterval(() => this.#announce(), LOOK_EVERY_MS);
    // The first picture must not wait for somebody to ask.
    this.source.requestKeyframe();
  }

  get ended(): EndReason | undefined {
    return this.#ended;
  }

  get silentMs(): number {
    const last = this.#options.tracks.flatMap(({ producer }) =>
      producer.layers.map((layer) => layer.stream.lastPacketMs),
    );
    return this.#options.clock.monotonicMs() - Math.max(this.#startedMs, ...last);
  }

  publication(): Publication | undefined {
    if (!this.#announced) return undefined;
    const { admitted, protocol, sourceBaseUrl } = this.#options;
    return {
      room: this.room,
      sessionId: this.sessionId,
      keyId: admitted.keyId,
      protocol,
      startedAtMs: this.#startedWallMs,
      sourceUrl: `${sourceBaseUrl}/sources/${this.sessionId}?token=${this.token}`,
      sourceFormat: "rtp",
      ...this.#announced,
      fpsHint: 0,
    };
  }

  health(): IngestHealth {
    const { clock } = this.#options;
    return {
      room: this.room,
      sessionId: this.sessionId,
      ...this.#meter.look(clock.monotonicMs(), clock.wallMs()),
    };
  }

  end(reason: EndReason): void {
    if (this.#ended) return;
    this.#ended = reason;
    clearInterval(this.#timer);
    for (const { meter } of this.#meters) meter.close();
    this.source.end();
    this.#options.metrics.ended(reason);
    this.#options.onEnd(reason);
    this.#options.onClose(reason);
  }

  #announce(): void {
    const codecs = announceable(this.#facts(), this.#options.clock.monotonicMs());
    const before = this.#announced;
    if (!codecs || (before?.videoCodec === codecs.videoCodec && before.audioCodec === codecs.audioCodec)) return;
    this.#announced = codecs;
    this.logger.info(codecs, before ? "publication changed" : "published");
    this.#options.onAnnounce();
  }

  #facts(): MediaFacts {
    const seen = (kind: "audio" | "video") =>
      this.#meters.find(({ track, meter }) => track.producer.kind === kind && meter.firstAtMs !== undefined);
    const video = seen("video");
    const audio = seen("audio");
    const name = video?.track.producer.codec.name;
    return {
      videoCodec: name === "opus" ? undefined : name,
      firstKeyAtMs: video?.meter.firstAtMs,
      audioCodec: audio ? "opus" : undefined,
      firstAudioAtMs: audio?.meter.firstAtMs,
    };
  }
}
