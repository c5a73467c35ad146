import type { IngestHealth } from "../contract.ts";
import type { AudioTag, VideoTag } from "../flv/index.ts";
import { DriftMeter } from "./drift.ts";
import { Findings } from "./findings.ts";
import { type PictureSize, pictureSize } from "./picture-size.ts";
import { observe } from "./rules.ts";
import { Timeline } from "./timeline.ts";
import { TrackWindow } from "./window.ts";

/** Values of onMetaData that are of use; all unverified. */
export interface PublisherMetadata {
  readonly encoder: string;
  readonly width: number;
  readonly height: number;
  readonly fps: number;
}

/** When a tag was sent and received, and its size on the wire. Times in milliseconds, arrival monotonic. */
export interface TagTimes {
  readonly timestampMs: number;
  readonly arrivalMs: number;
  readonly sizeBytes: number;
}

const KEPT_INTERVALS = 5;

/** Measures one publisher from its tags. Pure: times come in with the tags and with the question. */
export class HealthMeter {
  readonly #startedMs: number;
  readonly #timeline = new Timeline();
  readonly #drift = new DriftMeter();
  readonly #findings = new Findings();
  readonly #video = new TrackWindow();
  readonly #audio = new TrackWindow();
  #metadata: PublisherMetadata = { encoder: "", width: 0, height: 0, fps: 0 };
  #size: PictureSize = { width: 0, height: 0 };
  #videoCodec = "";
  #audioCodec = "";
  #keyframeIntervalsMs: number[] = [];
  #lastKey: { readonly timestampMs: number; readonly arrivalMs: number } | undefined;
  #lastAudioMs: number | undefined;
  /** Composition times of the group now running: more than one means B-frames. */
  readonly #compositions = new Set<number>();
  #bFramesBefore = false;
  #told = { jumps: 0, backwards: 0, audioGaps: 0 };
  #unsupportedCodec = false;
  #droppedTags = 0;

  constructor(options: { readonly startedMs: number }) {
    this.#startedMs = options.startedMs;
  }

  get metadata(): PublisherMetadata {
    return this.#metadata;
  }

  metadataSeen(metadata: PublisherMetadata): void {
    this.#metadata = metadata;
  }

  /** For media without configuration tags. */
  codec(track: "video" | "audio", name: string): void {
    if (track === "video") this.#videoCodec = name;
    else this.#audioCodec = name;
  }

  pictureSize(size: PictureSize): void {
    this.#size = size;
  }

  video(tag: VideoTag, times: TagTimes): void {
    if (tag.kind === "config") {
      this.#videoCodec = tag.codec;
      this.#size = pictureSize(tag.codec, tag.config) ?? { width: 0, height: 0 };
    }
    if (tag.kind !== "frame") return;
    this.#video.push({ atMs: times.arrivalMs, ...times });
    this.#timeline.video(times.timestampMs, times.arrivalMs);
    this.#drift.push(times.timestampMs, times.arrivalMs);
    if (tag.key) this.#keyframe(times);
    if (this.#compositions.size < 3) this.#compositions.add(tag.compositionMs);
  }

  audio(tag: AudioTag, times: TagTimes): void {
    if (tag.kind === "config") {
      this.#audioCodec = tag.codec;
      this.#timeline.setAudioConfig(tag.config);
    }
    if (tag.kind !== "frame") return;
    this.#audio.push({ atMs: times.arrivalMs, ...times });
    this.#timeline.audio(times.timestampMs, times.arrivalMs);
    this.#lastAudioMs = times.arrivalMs;
  }

  /** Tags that were not handed on: broken ones, and those a slow reader lost. */
  dropped(tags: number): void {
    this.#droppedTags += tags;
  }

  unsupported(track: "video" | "audio", name: string): void {
    this.#unsupportedCodec = true;
    if (track === "video") this.#videoCodec = name.slice(0, 40);
    else this.#audioCodec = name.slice(0, 40);
  }

  /** What is known now; moves the findings on, so ask about once a second. */
  look(nowMs: number, wallMs: number): Omit<IngestHealth, "room" | "sessionId"> {
    const uptimeMs = Math.max(0, Math.round(nowMs - this.#startedMs));
    const { jumps, backwards, audioGaps, largestJumpMs, largestAudioGapMs } = this.#timeline;
    const width = this.#size.width || this.#metadata.width;
    const height = this.#size.height || this.#metadata.height;
    const fps = this.#video.perSecond(nowMs, uptimeMs);
    const videoBitsPerSecond = this.#video.bitsPerSecond(nowMs, uptimeMs);
    const bFrames = this.#bFramesBefore || this.#compositions.size > 1;
    const driftPpm = this.#drift.driftPpm();
    const observations = observe({
      uptimeMs,
      width,
      height,
      hasVideo: this.#lastKey !== undefined,
      hasAudio: this.#lastAudioMs !== undefined,
      sinceAudioMs: nowMs - (this.#lastAudioMs ?? Number.NEGATIVE_INFINITY),
      efficientCodec: this.#videoCodec === "hevc" || this.#videoCodec === "av1",
      fps,
      fpsHint: this.#metadata.fps,
      unevenShare: this.#video.unevenShare(),
      videoBitsPerSecond,
      unsteadiness: this.#video.unsteadiness(nowMs),
      keyframeIntervalsMs: this.#keyframeIntervalsMs,
      sinceKeyframeMs: nowMs - (this.#lastKey?.arrivalMs ?? nowMs),
      bFrames,
      driftPpm,
      lateMs: this.#drift.lateMs(),
      newJumps: jumps - this.#told.jumps,
      newBackwards: backwards - this.#told.backwards,
      newAudioGaps: audioGaps - this.#told.audioGaps,
      largestJumpMs,
      largestAudioGapMs,
      unsupportedCodec: this.#unsupportedCodec,
    });
    this.#told = { jumps, backwards, audioGaps };
    return {
      atMs: Math.round(wallMs),
      uptimeMs,
      encoder: this.#metadata.encoder.slice(0, 120),
      width,
      height,
      videoCodec: this.#videoCodec || "none",
      audioCodec: this.#audioCodec || "none",
      fps,
      videoBitsPerSecond,
      audioBitsPerSecond: this.#audio.bitsPerSecond(nowMs, uptimeMs),
      keyframeIntervalMs: this.#keyframeIntervalsMs.at(-1) ?? 0,
      bFrames,
      timestampJumps: jumps + backwards,
      audioGaps,
      driftPpm,
      droppedTags: this.#droppedTags,
      findings: this.#findings.update(observations, nowMs, Math.round(wallMs)),
    };
  }

  #keyframe(times: TagTimes): void {
    const intervalMs = times.timestampMs - (this.#lastKey?.timestampMs ?? times.timestampMs);
    if (this.#lastKey && intervalMs > 0) {
      this.#keyframeIntervalsMs.push(intervalMs);
      if (this.#keyframeIntervalsMs.length > KEPT_INTERVALS) this.#keyframeIntervalsMs.shift();
    }
    this.#lastKey = { timestampMs: times.timestampMs, arrivalMs: times.arrivalMs };
    this.#bFramesBefore = this.#compositions.size > 1;
    this.#compositions.clear();
  }
}
