/**
 * A publisher's FLV body as a source: chunks with their arrival times in, pictures and sound on our clock out.
 * Knows no sockets and no real time. The body starts with the frames since the last keyframe in one burst.
 */
import { availableParallelism } from "node:os";
import { FlvError, FlvReader, type FlvTag, parseAudioTag, parseVideoTag } from "@lianmai/ingest/flv";
import type { Picture } from "../av/video-decoder.ts";
import { decideFps } from "./decide-fps.ts";
import { Playout } from "./playout.ts";
import { SoundTrack } from "./sound-track.ts";
import type { PictureChoice, Source, SourceEvent, SourceStats } from "./source.ts";
import { type VideoConfig, VideoTrack } from "./video-track.ts";

/** A picture missing for this long means the source is lost. */
const PATIENCE_MS = 700;
const MAX_PATIENCE_MS = 3_000;
/** Source format is announced this long after the first picture (or sound) with what is known by then. */
const ANNOUNCE_MS = 700;
const SOUND_ONLY_MS = 1_500;
const MAX_THREADS = 4;
/** Until the lateness of what comes is known. */
const INITIAL_DELAY_MS = 30;

export interface FlvSourceOptions {
  readonly sourceId: string;
  /** From the publisher's metadata; 0 when unknown. */
  readonly fpsHint: number;
  readonly onEvent: (event: SourceEvent) => void;
  /** By how much the program is late now, for lack of CPU. */
  readonly lagMs?: () => number;
  /** Least time media waits before they are due. */
  readonly minDelayMs: number;
}

export class FlvSource implements Source {
  readonly sourceId: string;
  readonly #options: FlvSourceOptions;
  readonly #playout: Playout;
  readonly #sound: SoundTrack;
  readonly #video: VideoTrack;
  #reader = new FlvReader();
  #hasVideo = false;
  #announced = false;
  #firstPicture: { readonly width: number; readonly height: number; readonly atMs: number } | null = null;
  #firstSoundMs: number | null = null;
  #unsupported: string | null = null;

  constructor(options: FlvSourceOptions) {
    this.sourceId = options.sourceId;
    this.#options = options;
    const { minDelayMs } = options;
    this.#playout = new Playout({ initialMs: Math.max(INITIAL_DELAY_MS, minDelayMs), minMs: minDelayMs });
    this.#sound = new SoundTrack(this.#playout);
    this.#video = new VideoTrack({
      threads: decodeThreads,
      dueMs: (mediaMs) => this.#playout.dueMs(mediaMs),
      onDecoded: (picture, { mediaMs, atMs, fedMs }) => {
        this.#playout.decoded(mediaMs, { atMs, fedMs });
        this.#announce(picture, atMs);
      },
      onRefused: (reason) => options.onEvent({ kind: "lost", reason }),
    });
  }

  get patienceMs(): number {
    return Math.min(MAX_PATIENCE_MS, Math.max(PATIENCE_MS, this.#video.intervalMs * 3));
  }

  get heardAtMs(): number {
    return this.#sound.heardAtMs;
  }

  /** A new body begins: parser, decoders and clock start over; the picture on display stays. */
  restart(): void {
    this.#reader = new FlvReader();
    this.#playout.restart();
    this.#sound.restart();
    this.#video.restart();
  }

  /** Takes a piece of the body. False when the body is not FLV: the connection is of no further use. */
  push(chunk: Buffer, arrivalMs: number): boolean {
    let tags: FlvTag[];
    try {
      tags = this.#reader.push(chunk);
    } catch (error) {
      if (error instanceof FlvError) return false;
      throw error;
    }
    for (const tag of tags) this.pushTag(tag, arrivalMs);
    return true;
  }

  /** Takes one tag. */
  pushTag(tag: FlvTag, arrivalMs: number): void {
    if (tag.type === "video") this.#takeVideo(tag, arrivalMs);
    else if (tag.type === "audio") this.#takeSound(tag, arrivalMs);
  }

  choosePicture(dueMs: number, options: { readonly fps: number }): PictureChoice {
    return this.#video.choose(dueMs, { fps: options.fps, lagMs: this.#sound.lagMs(dueMs) });
  }

  readSound(from: number, left: Float32Array, right: Float32Array): boolean {
    return this.#sound.ring.read(from, left, right);
  }

  pump(options: { readonly nowMs: () => number; readonly budgetMs: number }): boolean {
    return this.#video.pump(options);
  }

  stats(): SourceStats {
    return {
      decodeErrors: this.#video.errors + this.#sound.errors,
      dropped: this.#video.dropped,
      audioUnderruns: this.#sound.ring.underruns,
      playoutDelayMs: this.#playout.delayMs,
    };
  }

  /** Timestamp and clock jumps so far. */
  get jumps(): number {
    return this.#playout.jumps;
  }

  close(): void {
    this.#sound.close();
    this.#video.close();
  }

  #takeVideo(tag: FlvTag, arrivalMs: number): void {
    const video = parseVideoTag(tag.data);
    if (video.kind === "config") {
      this.#hasVideo = true;
      this.#video.configure(video);
    } else if (video.kind === "frame") {
      const mediaMs = this.#arrive(tag, arrivalMs) + video.compositionMs;
      this.#video.push({ data: video.data, key: video.key, mediaMs, arrivedMs: arrivalMs });
    } else if (video.kind === "unsupported") this.#refuse(`video: ${video.name} is not supported`);
  }

  #takeSound(tag: FlvTag, arrivalMs: number): void {
    const sound = parseAudioTag(tag.data);
    if (sound.kind === "config") this.#sound.configure({ codec: "aac", config: sound.config });
    else if (sound.kind === "frame") {
      const mediaMs = this.#arrive(tag, arrivalMs);
      this.#sound.push(sound.data, { mediaMs, nowMs: arrivalMs });
      this.#announceSoundOnly(arrivalMs);
    }
  }

  #arrive(tag: FlvTag, arrivalMs: number): number {
    return this.#playout.arrive(tag.timestampMs, { arrivalMs, lagMs: this.#options.lagMs?.() ?? 0 });
  }

  #refuse(reason: string): void {
    if (this.#unsupported === reason) return;
    this.#unsupported = reason;
    this.#options.onEvent({ kind: "lost", reason });
  }

  #announce(picture: Picture, atMs: number): void {
    if (this.#announced) return;
    this.#firstPicture ??= { width: picture.width, height: picture.height, atMs };
    const { width, height, atMs: firstMs } = this.#firstPicture;
    const intervalMs = this.#video.intervalMs;
    const evidence = {
      measured: intervalMs > 0 ? 1_000 / intervalMs : 0,
      header: this.#video.headerFps,
      hint: this.#options.fpsHint,
    };
    const fps = decideFps(evidence, { isFinal: atMs - firstMs > ANNOUNCE_MS });
    if (fps === null) return;
    this.#announced = true;
    this.#options.onEvent({ kind: "format", width, height, fps, hasAudio: this.#sound.isConfigured });
  }

  /** A source that never sends pictures is announced with size 0. */
  #announceSoundOnly(atMs: number): void {
    if (this.#announced || this.#hasVideo) return;
    this.#firstSoundMs ??= atMs;
    if (atMs - this.#firstSoundMs < SOUND_ONLY_MS) return;
    this.#announced = true;
    this.#options.onEvent({ kind: "format", width: 0, height: 0, fps: 0, hasAudio: true });
  }
}

/** H.264 decodes fast enough on one; HEVC and AV1 of high rates may use more. */
function decodeThreads(config: VideoConfig): number {
  return config.codec === "h264" ? 1 : Math.min(MAX_THREADS, availableParallelism());
}
