/**
 * A WebRTC publisher's hand-over as a source: packets with their times of arrival in, pictures and sound on our clock
 * out. Knows no sockets and no real time. Lost pictures are held until a keyframe, which is asked for; lost sound is
 * made up for.
 */
import { HandoverError, type HandoverFrame, HandoverReader, type HandoverTrack } from "@lianmai/ingest/rtp-handover";
import type { Picture } from "../../av/video-decoder.ts";
import { decideFps } from "../decide-fps.ts";
import { Playout } from "../playout.ts";
import { SoundTrack } from "../sound-track.ts";
import type { PictureChoice, Source, SourceEvent, SourceStats } from "../source.ts";
import { VideoTrack } from "../video-track.ts";
import { RtpSoundTrack } from "./rtp-sound-track.ts";
import { RtpVideoTrack } from "./rtp-video-track.ts";
import { SenderTimeline } from "./sender-timeline.ts";

/** A picture missing for this long means the source is lost. */
const PATIENCE_MS = 900;
const MAX_PATIENCE_MS = 3_000;
/** The delay takes up jitter and, at these rates, one retransmission over a short way. */
const DELAY = { initialMs: 60, minMs: 60 } as const;
const ANNOUNCE_MS = 700;
/** A browser's camera or an encoder may come this long after its sound. */
const SOUND_ONLY_MS = 1_500;

export interface RtpSourceOptions {
  readonly sourceId: string;
  readonly onEvent: (event: SourceEvent) => void;
  /** Pictures cannot be decoded before another keyframe; may be called often. */
  readonly onKeyframeNeeded: () => void;
  /** By how much the program is late now, for lack of CPU. */
  readonly lagMs?: () => number;
}

export class RtpSource implements Source {
  readonly sourceId: string;
  readonly #options: RtpSourceOptions;
  readonly #playout = new Playout(DELAY);
  readonly #sound = new SoundTrack(this.#playout);
  readonly #video: VideoTrack;
  #timeline = new SenderTimeline();
  #reader = new HandoverReader();
  #audioIn: RtpSoundTrack | null = null;
  #videoIn: RtpVideoTrack | null = null;
  #announced = false;
  #firstPicture: { readonly width: number; readonly height: number; readonly atMs: number } | null = null;
  #firstSoundMs: number | null = null;

  constructor(options: RtpSourceOptions) {
    this.sourceId = options.sourceId;
    this.#options = options;
    this.#video = new VideoTrack({
      threads: () => 1,
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

  restart(): void {
    this.#reader = new HandoverReader();
    this.#timeline = new SenderTimeline();
    this.#audioIn = null;
    this.#videoIn = null;
    this.#playout.restart();
    this.#sound.restart();
    this.#video.restart();
  }

  /** Takes a piece of the body. False when the body is no hand-over: the connection is of no further use. */
  push(chunk: Buffer, arrivalMs: number): boolean {
    let frames: HandoverFrame[];
    try {
      frames = this.#reader.push(chunk);
    } catch (error) {
      if (error instanceof HandoverError) return false;
      throw error;
    }
    for (const frame of frames) this.pushFrame(frame, arrivalMs);
    return true;
  }

  /** Takes one frame. */
  pushFrame(frame: HandoverFrame, arrivalMs: number): void {
    if (frame.kind === "header") this.#follow(frame.header.tracks);
    else {
      const lagMs = this.#options.lagMs?.() ?? 0;
      const { track, kind, packet } = frame;
      const to = [this.#audioIn, this.#videoIn].find((each) => each?.track.track === track);
      if (kind === "rtcp") to?.report(packet);
      else to?.push(packet, { arrivalMs, lagMs });
    }
  }

  choosePicture(dueMs: number, options: { readonly fps: number }): PictureChoice {
    return this.#video.choose(dueMs, { fps: options.fps, lagMs: this.#sound.lagMs(dueMs) });
  }

  readSound(from: number, left: Float32Array, right: Float32Array): boolean {
    return this.#sound.ring.read(from, left, right);
  }

  pump(options: { readonly nowMs: () => number; readonly budgetMs: number }): boolean {
    const nowMs = options.nowMs();
    const { delayMs } = this.#playout;
    if (this.#audioIn?.release(nowMs, { delayMs })) this.#announceSoundOnly(nowMs);
    this.#videoIn?.release(nowMs, { delayMs });
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

  /** What was lost on the way, for measurements. */
  get losses(): { readonly audio: number; readonly video: number; readonly concealed: number } {
    return {
      audio: this.#audioIn?.lost ?? 0,
      video: this.#videoIn?.lost ?? 0,
      concealed: this.#sound.concealed,
    };
  }

  close(): void {
    this.#sound.close();
    this.#video.close();
  }

  #follow(tracks: readonly HandoverTrack[]): void {
    const audio = tracks.find(({ kind, codec }) => kind === "audio" && codec === "opus");
    const video = tracks.find(({ kind, codec }) => kind === "video" && codec !== "opus");
    this.#audioIn = followed(this.#audioIn, audio, (track) => {
      this.#sound.configure({ codec: "opus", config: opusHead(track.channels) });
      return new RtpSoundTrack({
        ...{ track, sound: this.#sound, playout: this.#playout },
        timeline: this.#timeline.track(track),
      });
    });
    this.#videoIn = followed(this.#videoIn, video, (track) => {
      if (track.codec !== "opus") this.#video.configure({ codec: track.codec, config: Buffer.alloc(0) });
      return new RtpVideoTrack({
        ...{ track, video: this.#video, playout: this.#playout },
        timeline: this.#timeline.track(track),
        onKeyframeNeeded: this.#options.onKeyframeNeeded,
      });
    });
  }

  #announce(picture: Picture, atMs: number): void {
    if (this.#announced) return;
    this.#firstPicture ??= { width: picture.width, height: picture.height, atMs };
    const intervalMs = this.#video.intervalMs;
    const measured = intervalMs > 0 ? 1_000 / intervalMs : 0;
    const isFinal = atMs - this.#firstPicture.atMs > ANNOUNCE_MS;
    const fps = decideFps({ measured, header: 0, hint: 30 }, { isFinal });
    if (fps === null) return;
    this.#announced = true;
    const { width, height } = this.#firstPicture;
    this.#options.onEvent({ kind: "format", width, height, fps, hasAudio: this.#audioIn !== null });
  }

  #announceSoundOnly(atMs: number): void {
    if (this.#announced || (this.#videoIn !== null && !this.#videoIn.track.muted)) return;
    this.#firstSoundMs ??= atMs;
    if (atMs - this.#firstSoundMs < SOUND_ONLY_MS) return;
    this.#announced = true;
    this.#options.onEvent({ kind: "format", width: 0, height: 0, fps: 0, hasAudio: true });
  }
}

interface Following {
  track: HandoverTrack;
}

/** The receiver of a track as it now is: the same one while its numbers go on, else a new one; null for none. */
function followed<T extends Following>(
  before: T | null,
  track: HandoverTrack | undefined,
  make: (track: HandoverTrack) => T,
): T | null {
  if (!track) return null;
  const isSame =
    before?.track.track === track.track && before.track.ssrc === track.ssrc && before.track.codec === track.codec;
  if (!before || !isSame) return make(track);
  before.track = track;
  return before;
}

/** RFC 7845 5.1, mapping family 0, nothing skipped. */
function opusHead(channels: number): Buffer {
  const head = Buffer.alloc(19);
  head.write("OpusHead", 0, "latin1");
  head.writeUInt8(1, 8);
  head.writeUInt8(channels === 1 ? 1 : 2, 9);
  head.writeUInt32LE(48_000, 12);
  return head;
}
