/** Plays through hls.js, the only file that knows it: wishes in, facts out. */
import Hls, {
  type ErrorData,
  ErrorDetails,
  ErrorTypes,
  Events,
  type HlsConfig,
  type LoaderContext,
} from "hls.js/light";
import { AutoLevel } from "./auto-level.ts";
import {
  aheadMs,
  type Engine,
  type EngineFacts,
  type EngineLevel,
  type EngineOptions,
  nearestLevel,
  type Quality,
} from "./engine.ts";
import type { LatencyStep } from "./latency.ts";
import { layoutAt } from "./layout-at.ts";
import { isMedia, patient, withViewer } from "./loading.ts";
import { localNowMs, ServerClock } from "./server-clock.ts";

/** Whether this browser can play through it. */
export const hlsSupported = (): boolean => Hls.isSupported();

const SLOW_CHECK_MS = 100;
/** What the origin answers for a rendition that was given up: it does not come back to this playlist. */
const GONE = 410;
/** What there is to choose from when only sound is played. */
const AUDIO_LADDER = [{ height: 0, bitsPerSecond: 0 }] as const;

export class HlsEngine implements Engine {
  readonly kind = "hls.js";
  readonly #video: HTMLVideoElement;
  readonly #options: EngineOptions;
  readonly #auto: AutoLevel;
  readonly #hls: Hls;
  readonly #slowCheck: ReturnType<typeof setInterval>;
  readonly #clock = new ServerClock();
  #audioUrl: string | undefined;
  #ladder: readonly EngineLevel[] = [];
  #audioOnly: boolean;
  #quality: Quality;
  #shownLevel = -1;
  #lastPart: { readonly sn: number; readonly index: number } | undefined;
  #targetMs = 850;
  #finished = false;
  #closed = false;

  constructor(video: HTMLVideoElement, options: EngineOptions) {
    this.#video = video;
    this.#options = options;
    this.#quality = options.quality;
    this.#audioOnly = options.quality.kind === "audio";
    this.#auto = new AutoLevel(
      {
        levels: () => (this.#audioOnly ? AUDIO_LADDER : this.#levels()),
        aheadMs: () => aheadMs(video),
        targetMs: () => this.#targetMs,
        screenHeight: () => this.#screenHeight(),
        betweenSegments: () => this.#betweenSegments(),
        nowMs: () => performance.now(),
      },
      options.seedBitsPerSecond,
    );
    this.#hls = new Hls(this.#config());
    this.#listen();
    this.#hls.loadSource(options.playlistUrl);
    this.#hls.attachMedia(video);
    this.#slowCheck = setInterval(() => this.#dropTo(this.#auto.checkSlow()), SLOW_CHECK_MS);
  }

  look(): EngineFacts {
    const details = this.#closed ? null : this.#hls.latestLevelDetails;
    const playing = this.#closed ? null : this.#hls.playingDate;
    const serverNowMs = this.#clock.nowMs();
    const edge =
      details && this.#video.readyState > 0
        ? (details.edge + details.age - this.#video.currentTime) * 1_000
        : undefined;
    return {
      levels: this.#levels(),
      level: this.#audioOnly ? -1 : this.#shownLevel,
      loadLevel: this.#closed || this.#audioOnly ? -1 : this.#hls.loadLevel,
      audioOnlyOffered: this.#audioUrl !== undefined,
      edgeLatencyMs: edge,
      pictureAgeMs: serverNowMs === undefined || !playing ? undefined : serverNowMs - playing.getTime(),
      aheadMs: aheadMs(this.#video),
      partTargetMs: details ? (details.partTarget || details.targetduration) * 1_000 : 0,
      bitsPerSecond: this.#auto.bitsPerSecond,
      layout: layoutAt(details?.dateRanges, playing),
      finished: this.#finished,
    };
  }

  want(quality: Quality): void {
    this.#quality = quality;
    const audioOnly = quality.kind === "audio" && this.#audioUrl !== undefined;
    if (audioOnly !== this.#audioOnly) {
      this.#audioOnly = audioOnly;
      this.#hls.loadSource(audioOnly && this.#audioUrl ? this.#audioUrl : this.#options.playlistUrl);
    }
    this.#applyQuality();
  }

  steer(step: LatencyStep): void {
    this.#targetMs = step.targetMs;
    if (step.seekToLive) this.goLive();
    if (Math.abs(this.#video.playbackRate - step.rate) >= 0.005) this.#video.playbackRate = step.rate;
  }

  goLive(): void {
    const details = this.#hls.latestLevelDetails;
    if (!details) return;
    const wanted = details.edge + details.age - this.#targetMs / 1_000;
    const latest = details.edge - (details.partTarget || details.targetduration);
    const position = Math.min(wanted, latest);
    if (position > this.#video.currentTime) this.#video.currentTime = position;
  }

  recoverMedia(): void {
    this.#hls.recoverMediaError();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#slowCheck);
    this.#hls.destroy();
  }

  #config(): Partial<HlsConfig> {
    const { random, seedBitsPerSecond } = this.#options;
    return {
      lowLatencyMode: true,
      enableWorker: false,
      maxLiveSyncPlaybackRate: 1,
      liveSyncOnStallIncrease: 0,
      liveDurationInfinity: true,
      backBufferLength: 20,
      maxBufferLength: 12,
      maxMaxBufferLength: 20,
      testBandwidth: false,
      startFragPrefetch: true,
      abrEwmaDefaultEstimate: seedBitsPerSecond,
      enableInterstitialPlayback: false,
      manifestLoadPolicy: { default: patient(random, 100_000, false) },
      playlistLoadPolicy: { default: patient(random, 100_000, true) },
      fragLoadPolicy: { default: patient(random, 60, true) },
      abrController: this.#abrController(),
      xhrSetup: (xhr, url, context) => this.#observe(xhr, url, context),
    };
  }

  /** hls.js' own estimate is held down by tiny parts; this puts {@link AutoLevel} in its place. */
  #abrController(): HlsConfig["abrController"] {
    const auto = this.#auto;
    class PartAbr {
      readonly forcedAutoLevel = -1;
      get firstAutoLevel(): number {
        return Math.max(0, auto.level);
      }
      get nextAutoLevel(): number {
        return Math.max(0, auto.level);
      }
      set nextAutoLevel(level: number) {
        auto.level = level;
      }
      resetEstimator(): void {}
      destroy(): void {}
    }
    return PartAbr as unknown as HlsConfig["abrController"];
  }

  #listen(): void {
    const hls = this.#hls;
    hls.on(Events.MANIFEST_LOADED, (_event, data) => {
      if (this.#audioOnly && this.#audioUrl) return;
      const audio = data.levels.find((level) => !level.videoCodec && !level.width);
      this.#audioUrl = data.levels.length > 1 ? audio?.url : undefined;
      if (this.#quality.kind === "audio" && this.#audioUrl) queueMicrotask(() => hls.loadSource(this.#audioUrl ?? ""));
      else this.#audioOnly = false;
    });
    hls.on(Events.MANIFEST_PARSED, () => {
      if (!this.#audioOnly) this.#ladder = [];
      this.#applyQuality();
      this.#options.report({ kind: "levels" });
    });
    hls.on(Events.LEVEL_SWITCHED, (_event, data) => {
      this.#shownLevel = data.level;
    });
    hls.on(Events.LEVEL_LOADED, (_event, data) => {
      if (data.details.live || this.#finished) return;
      this.#finished = true;
      this.#options.report({ kind: "finished" });
    });
    hls.on(Events.FRAG_LOADED, (_event, data) => {
      const { frag, part } = data;
      this.#lastPart = part && typeof frag.sn === "number" ? { sn: frag.sn, index: part.index } : undefined;
    });
    hls.on(Events.ERROR, (_event, data) => this.#failed(data));
  }

  #failed(data: ErrorData): void {
    const details = String(data.details);
    const status = data.response?.code ?? 0;
    if (data.details === ErrorDetails.LEVEL_LOAD_ERROR && status === GONE) this.#leaveOut(data.url);
    const network = data.type === ErrorTypes.NETWORK_ERROR;
    if (data.fatal) {
      const cause = network ? "network" : data.type === ErrorTypes.MEDIA_ERROR ? "media" : "other";
      this.#options.report({ kind: "failed", cause, details });
    } else if (details !== "aborted") {
      this.#options.report({ kind: "error", details, status, network });
    }
  }

  /** Takes a rendition that was given up out of the ladder, and goes on with what is left. */
  #leaveOut(url: string | undefined): void {
    // Once the library is through with the error: it still counts on its levels as they were.
    queueMicrotask(() => {
      const { levels } = this.#hls;
      const gone = levels.findIndex((level) => level.url[0] === url?.replace(/[?].*/, ""));
      if (this.#closed || gone === -1 || levels.length < 2) return;
      this.#hls.removeLevel(gone);
      this.#ladder = [];
      this.#applyQuality();
      this.#auto.level = -1;
      this.#hls.nextLoadLevel = Math.max(0, this.#auto.level);
      this.#options.report({ kind: "levels" });
    });
  }

  /** Measures each download and lets the edge count the viewer by its playlist requests. */
  #observe(xhr: XMLHttpRequest, url: string, context: LoaderContext): void {
    const type = "type" in context ? String(context.type) : "";
    if (type === "level" || (this.#audioOnly && type === "manifest" && url === this.#audioUrl)) {
      xhr.open("GET", withViewer(url, this.#options.viewerId), true);
      return;
    }
    if (!isMedia(context)) return;
    const mediaMs = (context.part?.duration ?? context.frag.duration) * 1_000;
    if (!(mediaMs > 0)) return;
    const askedAtMs = localNowMs();
    this.#auto.started(mediaMs);
    xhr.addEventListener("readystatechange", () => {
      if (xhr.readyState !== 2) return;
      this.#auto.headers(Number(xhr.getResponseHeader("content-length") ?? 0));
      this.#clock.read(xhr, askedAtMs);
    });
    xhr.addEventListener("progress", (event) => this.#dropTo(this.#auto.progress(event.loaded)));
    xhr.addEventListener("load", () => {
      const body: unknown = xhr.response;
      if (xhr.status === 200 && body instanceof ArrayBuffer) this.#auto.finished(body.byteLength);
      else this.#auto.aborted();
    });
    xhr.addEventListener("abort", () => this.#auto.aborted());
    xhr.addEventListener("error", () => this.#auto.aborted());
  }

  #dropTo(level: number): void {
    if (level < 0 || this.#closed || this.#audioOnly || this.#hls.loadLevel === level) return;
    this.#hls.nextLoadLevel = level;
  }

  #applyQuality(): void {
    const quality = this.#quality;
    if (quality.kind !== "height") this.#auto.fixed = -1;
    else this.#auto.fixed = nearestLevel(this.#levels(), quality.height);
  }

  /** The ladder; in audio only, as it was last known. */
  #levels(): readonly EngineLevel[] {
    if (this.#closed || this.#audioOnly || this.#hls.levels.length === this.#ladder.length) return this.#ladder;
    this.#ladder = this.#hls.levels.map((level) => ({
      width: level.width,
      height: level.height,
      fps: level.frameRate,
      bitsPerSecond: level.bitrate,
    }));
    return this.#ladder;
  }

  #betweenSegments(): boolean {
    const last = this.#lastPart;
    const details = this.#hls.latestLevelDetails;
    if (!last || !details) return true;
    if (last.sn > details.endSN) return false;
    return !details.partList?.some((part) => part.fragment.sn === last.sn && part.index > last.index);
  }

  #screenHeight(): number {
    const { clientWidth, clientHeight, isConnected } = this.#video;
    const level = this.#hls.levels.at(-1);
    if (!isConnected || !level?.width || clientWidth === 0) return 0;
    return Math.min(clientHeight, (clientWidth * level.height) / level.width) * devicePixelRatio;
  }
}
