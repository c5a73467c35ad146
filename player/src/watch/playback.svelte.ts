/** Keeps one video element playing one room: observes, steers, repairs. The page is never reloaded. */
import type { Engine, EngineEvent, EngineFacts, Quality } from "./engine.ts";
import {
  afterStall,
  baseTargetMs,
  LATENCY_TICK_MS,
  type LatencyMemory,
  startLatencyMemory,
  stepLatency,
} from "./latency.ts";
import type { PlaybackParts, PlaybackStats } from "./playback-parts.ts";
import { type RecoverInput, recover, startRecover } from "./recover.ts";
import { startPlaying } from "./start-playing.ts";

/** What the picture is doing, as seen on the video element. */
export type PictureState = "none" | "starting" | "playing" | "paused" | "stalled" | "finished";

const SAVE_EVERY_MS = 10_000;
/** A stall this soon after a failed request is the server's absence. */
const OUTAGE_MS = 3_000;

export class Playback {
  picture = $state<PictureState>("none");
  facts = $state.raw<EngineFacts | undefined>(undefined);
  stats = $state.raw<PlaybackStats | undefined>(undefined);
  quality = $state.raw<Quality>({ kind: "auto" });
  /** The browser let it start only without sound. */
  soundBlocked = $state(false);
  /** The browser did not let it start at all. */
  playBlocked = $state(false);
  /** This browser can play no HLS. */
  unsupported = $state(false);
  /** By WebRTC; falls back to HLS by itself. */
  realtime = $state(false);
  /** Whether this room offers it to this viewer. */
  realtimeOffered = $state(false);

  readonly #video: HTMLVideoElement;
  readonly #parts: PlaybackParts;
  readonly #abort = new AbortController();
  readonly #timer: ReturnType<typeof setInterval>;
  #engine: Engine | undefined;
  #source: { readonly programId: string; readonly playlistUrl: string } | undefined;
  #memory: LatencyMemory = startLatencyMemory;
  #recovery = startRecover(performance.now());
  #counts = { stalls: 0, stalledMs: 0, recoveries: 0, errors: 0, lastError: "" };
  #stalledAtMs = 0;
  #troubleAtMs = Number.NEGATIVE_INFINITY;
  #firstFrameMs: number | undefined;
  #played = false;
  #wantsPause = false;
  #savedAtMs = 0;
  #seed: number;

  constructor(video: HTMLVideoElement, parts: PlaybackParts) {
    this.#video = video;
    this.#parts = parts;
    this.#seed = parts.seedBitsPerSecond;
    this.#observe();
    this.#timer = setInterval(() => this.#tick(), LATENCY_TICK_MS);
  }

  get programId(): string | undefined {
    return this.#source?.programId;
  }

  /** Plays a program; does nothing when it is already the one. */
  attach(source: { readonly programId: string; readonly playlistUrl: string }): void {
    if (this.#source?.programId === source.programId) return;
    const adopts = this.#source?.programId === "" && this.#source.playlistUrl === source.playlistUrl;
    this.#source = source;
    if (!adopts || !this.#engine) this.#create();
  }

  /** Lets go of the program: nothing is on air. */
  detach(): void {
    this.#source = undefined;
    this.#closeEngine();
    this.picture = "none";
  }

  want(quality: Quality): void {
    const otherMedia = (quality.kind === "audio") !== (this.quality.kind === "audio");
    this.quality = quality;
    if (otherMedia && this.picture !== "paused") this.picture = "starting";
    this.#engine?.want(quality);
  }

  /** Slides to WebRTC or back to HLS; the picture stays until the other way has one. */
  slide(realtime: boolean): void {
    if (realtime === this.realtime) return;
    this.realtime = realtime;
    this.#create();
  }

  goLive(): void {
    this.#engine?.goLive();
    void this.play();
  }

  async play(): Promise<void> {
    this.#wantsPause = false;
    this.playBlocked = false;
    await this.#start();
  }

  pause(): void {
    this.#wantsPause = true;
    this.#video.pause();
  }

  unmute(): void {
    this.soundBlocked = false;
    this.#video.muted = false;
    if (this.#video.volume === 0) this.#video.volume = 0.7;
    void this.play();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#abort.abort();
    this.#source = undefined;
    this.#closeEngine();
  }

  #create(): void {
    if (this.#engine) this.#parts.onReplace();
    this.#closeEngine();
    const source = this.#source;
    if (!source) return;
    const engine = this.#parts.createEngine(this.#video, {
      playlistUrl: source.playlistUrl,
      realtime: this.realtime,
      viewerId: this.#parts.viewerId,
      seedBitsPerSecond: this.#seed,
      quality: this.quality,
      report: (event) => this.#report(event),
      random: Math.random,
    });
    this.unsupported = engine === undefined;
    this.#engine = engine;
    this.picture = "starting";
    if (!this.#wantsPause) void this.#start();
  }

  #closeEngine(): void {
    if (this.facts) this.#seed = this.facts.bitsPerSecond;
    this.#engine?.close();
    this.#engine = undefined;
    this.facts = undefined;
    this.#stalledAtMs = 0;
  }

  async #start(): Promise<void> {
    const outcome = await startPlaying(this.#video);
    if (outcome === "muted") this.soundBlocked = true;
    this.playBlocked = outcome === "blocked";
  }

  #observe(): void {
    const video = this.#video;
    const { signal } = this.#abort;
    const on = (type: string, listener: () => void) => video.addEventListener(type, listener, { signal });
    on("playing", () => this.#playing());
    on("waiting", () => this.#waiting());
    on("pause", () => {
      if (video.ended || !this.#engine || !this.#played) return;
      this.#wantsPause = true;
      this.picture = "paused";
    });
    on("play", () => {
      this.#wantsPause = false;
      if (this.picture === "paused") this.picture = video.readyState >= 3 ? "playing" : "starting";
    });
    on("volumechange", () => {
      if (!video.muted) this.soundBlocked = false;
    });
    addEventListener("online", () => this.#step({ kind: "online", nowMs: performance.now() }), { signal });
    if ("requestVideoFrameCallback" in video) {
      video.requestVideoFrameCallback((now) => {
        this.#firstFrameMs ??= now;
      });
    }
  }

  #playing(): void {
    if (this.#stalledAtMs > 0) this.#counts.stalledMs += performance.now() - this.#stalledAtMs;
    this.#stalledAtMs = 0;
    this.#played = true;
    this.#firstFrameMs ??= performance.now();
    this.picture = "playing";
  }

  #waiting(): void {
    if (this.picture !== "playing" || this.#video.seeking || this.#video.readyState >= 3) return;
    this.#counts.stalls++;
    this.#stalledAtMs = performance.now();
    // Sitting closer to the edge than the network allows asks for more distance; an outage does not.
    if (this.#stalledAtMs - this.#troubleAtMs > OUTAGE_MS) this.#memory = afterStall(this.#memory, this.#stalledAtMs);
    this.picture = "stalled";
    this.#parts.onFailing();
  }

  #report(event: EngineEvent): void {
    if (event.kind === "levels") {
      this.#look();
      if (!this.#wantsPause && this.#video.paused) void this.#start();
    } else if (event.kind === "error") {
      this.#counts.errors++;
      this.#counts.lastError = event.status ? `${event.details} ${event.status}` : event.details;
      if (!event.network) return;
      this.#troubleAtMs = performance.now();
      this.#parts.onFailing();
    } else if (event.kind === "failed") {
      this.#failed(event);
    } else {
      this.#parts.onFinished();
    }
  }

  #failed({ details, cause }: Extract<EngineEvent, { readonly kind: "failed" }>): void {
    this.#counts.errors++;
    this.#counts.lastError = details;
    if (this.realtime) this.slide(false);
    else this.#step({ kind: "failed", nowMs: performance.now(), cause });
    this.#parts.onFailing();
  }

  #tick(): void {
    const nowMs = performance.now();
    this.#look();
    const facts = this.facts;
    const wanted = this.#source !== undefined && !this.#video.paused && !facts?.finished && navigator.onLine;
    this.#step({ kind: "tick", nowMs, positionMs: Math.round(this.#video.currentTime * 1_000), wanted });
    if (!facts || facts.finished) return;
    this.#steer(facts, nowMs);
    if (nowMs - this.#savedAtMs > SAVE_EVERY_MS && this.picture === "playing") {
      this.#savedAtMs = nowMs;
      this.#parts.saveBitsPerSecond(Math.round(facts.bitsPerSecond));
    }
  }

  #steer(facts: EngineFacts, nowMs: number): void {
    if (facts.edgeLatencyMs === undefined || facts.partTargetMs === 0 || this.#video.paused || !this.#played) return;
    const step = stepLatency(
      { latencyMs: facts.edgeLatencyMs, aheadMs: facts.aheadMs, partTargetMs: facts.partTargetMs, nowMs },
      this.#memory,
    );
    this.#memory = step.memory;
    const tooSoon = this.picture === "starting" || this.#video.seeking;
    this.#engine?.steer(tooSoon ? { ...step, seekToLive: false } : step);
  }

  #step(input: RecoverInput): void {
    const { action, state } = recover(this.#recovery, input, Math.random());
    this.#recovery = state;
    if (action === "none" || !this.#source) return;
    this.#counts.recoveries++;
    if (action === "recover-media") this.#engine?.recoverMedia();
    else this.#create();
  }

  #look(): void {
    const video = this.#video;
    const quality = video.getVideoPlaybackQuality?.();
    this.facts = this.#engine?.look();
    const running = this.#stalledAtMs > 0 ? performance.now() - this.#stalledAtMs : 0;
    this.stats = {
      ...this.#counts,
      stalledMs: Math.round(this.#counts.stalledMs + running),
      firstFrameMs: this.#firstFrameMs,
      droppedFrames: quality?.droppedVideoFrames ?? 0,
      shownFrames: quality?.totalVideoFrames ?? 0,
      rate: video.playbackRate,
      targetMs: baseTargetMs(this.facts?.partTargetMs ?? 0) + this.#memory.extraMs,
      currentTimeS: video.currentTime,
      width: video.videoWidth,
      height: video.videoHeight,
    };
    if (this.facts?.finished && video.ended) this.picture = "finished";
  }
}
