import { randomBytes } from "node:crypto";
import type { Clock } from "@lianmai/process";
import type { IngestHealth, Publication } from "../contract.ts";
import { type FlvTag, parseAudioTag, parseVideoTag, type VideoCodec } from "../flv/index.ts";
import { HealthMeter } from "../health/meter.ts";
import type { IngestMetrics } from "../metrics.ts";
import { flvTagBody, writeFlvTag } from "../source/flv-write.ts";
import type { SourceTagRole } from "../source/gop-cache.ts";
import { SessionSource } from "../source/source.ts";
import { announceable, type Codecs } from "./announce.ts";
import { readMetadata } from "./metadata.ts";
import type { AdmittedPublisher, PublisherSession } from "./publisher-session.ts";
import type { EndReason } from "./reasons.ts";
import type { SessionHooks } from "./registry.ts";

/** What a live session is made with. */
export interface LiveSessionOptions extends SessionHooks {
  readonly admitted: AdmittedPublisher;
  readonly clock: Clock;
  readonly metrics: IngestMetrics;
}

/** One authorised publisher: reads its tags, measures them, and hands them to the source's readers. */
export class LiveSession implements PublisherSession {
  readonly sessionId: string;
  readonly room: string;
  readonly keyId: string;
  readonly keyHash: string;
  readonly token = randomBytes(24).toString("base64url");
  readonly source: SessionSource;
  readonly #options: LiveSessionOptions;
  readonly #meter: HealthMeter;
  readonly #startedMs: number;
  readonly #startedWallMs: number;
  #lastMediaMs: number;
  #videoCodec: VideoCodec | undefined;
  #audioCodec: "aac" | undefined;
  #firstKeyAtMs: number | undefined;
  #firstAudioAtMs: number | undefined;
  #announced: Codecs | undefined;
  #ended: EndReason | undefined;
  #listeners: ((reason: EndReason) => void)[] = [];

  constructor(options: LiveSessionOptions) {
    this.#options = options;
    const { sessionId, room, keyId, keyHash } = options.admitted;
    this.sessionId = sessionId;
    this.room = room;
    this.keyId = keyId;
    this.keyHash = keyHash;
    this.#startedMs = options.clock.monotonicMs();
    this.#startedWallMs = options.clock.wallMs();
    this.#lastMediaMs = this.#startedMs;
    this.#meter = new HealthMeter({ startedMs: this.#startedMs });
    this.source = new SessionSource({
      nowMs: () => options.clock.monotonicMs(),
      onDropped: (tags) => {
        this.#meter.dropped(tags);
        options.metrics.dropped("reader", tags);
      },
    });
  }

  get ended(): EndReason | undefined {
    return this.#ended;
  }

  /** How long nothing has come. */
  get silentMs(): number {
    return this.#options.clock.monotonicMs() - this.#lastMediaMs;
  }

  /** The record, once the session's media are known. */
  publication(): Publication | undefined {
    if (!this.#announced) return undefined;
    return {
      room: this.room,
      sessionId: this.sessionId,
      keyId: this.keyId,
      protocol: "rtmp",
      startedAtMs: this.#startedWallMs,
      sourceUrl: `${this.#options.sourceBaseUrl}/sources/${this.sessionId}?token=${this.token}`,
      sourceFormat: "flv",
      ...this.#announced,
      fpsHint: this.#meter.metadata.fps,
    };
  }

  /** What is measured now; about once a second. */
  health(): IngestHealth {
    const { clock } = this.#options;
    const measured = this.#meter.look(clock.monotonicMs(), clock.wallMs());
    return { room: this.room, sessionId: this.sessionId, ...measured };
  }

  /** Also called when the end came from here. */
  onEnd(listener: (reason: EndReason) => void): void {
    this.#listeners.push(listener);
  }

  /** Takes one media message; `tag.data` is copied. */
  push(tag: FlvTag): void {
    if (this.#ended) return;
    const { metrics, clock } = this.#options;
    if (tag.data.length === 0) {
      this.#drop("empty");
      return;
    }
    metrics.received(tag.data.length);
    this.#lastMediaMs = clock.monotonicMs();
    if (tag.type === "video") this.#video(tag);
    else if (tag.type === "audio") this.#audio(tag);
    else this.#script(tag);
    this.#announce();
  }

  /** Ends the session, its readers and its claim. Harmless when repeated. */
  end(reason: EndReason): void {
    if (this.#ended) return;
    this.#ended = reason;
    this.#options.metrics.ended(reason);
    this.source.end();
    this.#options.onEnd(reason);
    for (const listener of this.#listeners) listener(reason);
  }

  #video(tag: FlvTag): void {
    const bytes = writeFlvTag(tag);
    const video = parseVideoTag(flvTagBody(bytes));
    if (video.kind === "unsupported") this.#unsupported("video", video.name, this.#videoCodec !== undefined);
    // End of sequence and the like go no further.
    if (video.kind !== "config" && video.kind !== "frame") return;
    if (video.kind === "config") this.#videoCodec = video.codec;
    if (!this.#videoCodec) {
      this.#drop("before-config");
      return;
    }
    const key = video.kind === "frame" && video.key;
    if (key) this.#firstKeyAtMs ??= this.#lastMediaMs;
    this.#meter.video(video, this.#times(tag));
    this.#offer(video.kind === "config" ? "video-config" : key ? "key" : "frame", tag.timestampMs, bytes);
  }

  #audio(tag: FlvTag): void {
    const bytes = writeFlvTag(tag);
    const audio = parseAudioTag(flvTagBody(bytes));
    if (audio.kind === "unsupported") this.#unsupported("audio", audio.name, this.#audioCodec !== undefined);
    if (audio.kind !== "config" && audio.kind !== "frame") return;
    if (audio.kind === "config") this.#audioCodec = audio.codec;
    if (!this.#audioCodec) {
      this.#drop("before-config");
      return;
    }
    if (audio.kind === "frame") this.#firstAudioAtMs ??= this.#lastMediaMs;
    this.#meter.audio(audio, this.#times(tag));
    this.#offer(audio.kind === "config" ? "audio-config" : "audio", tag.timestampMs, bytes);
  }

  #script(tag: FlvTag): void {
    const metadata = readMetadata(tag.data);
    // Cue points, captions and the like: nobody downstream reads them.
    if (!metadata) return;
    this.#meter.metadataSeen(metadata.values);
    this.#offer("metadata", tag.timestampMs, writeFlvTag({ ...tag, data: metadata.body }));
  }

  #unsupported(track: "video" | "audio", name: string, trackKnown: boolean): void {
    if (trackKnown) {
      this.#drop("unreadable");
      return;
    }
    this.#meter.unsupported(track, name);
    this.#options.logger.warn({ track, codec: name }, "codec is not supported");
    this.end("codec-unsupported");
  }

  #offer(role: SourceTagRole, timestampMs: number, bytes: Buffer): void {
    this.source.push({ role, timestampMs, bytes });
  }

  #announce(): void {
    if (this.#ended) return;
    const facts = {
      videoCodec: this.#videoCodec,
      audioCodec: this.#audioCodec,
      firstKeyAtMs: this.#firstKeyAtMs,
      firstAudioAtMs: this.#firstAudioAtMs,
    };
    const codecs = announceable(facts, this.#lastMediaMs);
    const before = this.#announced;
    if (!codecs || (before?.videoCodec === codecs.videoCodec && before.audioCodec === codecs.audioCodec)) return;
    this.#announced = codecs;
    this.#options.logger.info(codecs, before ? "publication changed" : "published");
    this.#options.onAnnounce();
  }

  #drop(why: "empty" | "unreadable" | "before-config"): void {
    this.#meter.dropped(1);
    this.#options.metrics.dropped(why, 1);
  }

  #times(tag: FlvTag) {
    return { timestampMs: tag.timestampMs, arrivalMs: this.#lastMediaMs, sizeBytes: tag.data.length };
  }
}
