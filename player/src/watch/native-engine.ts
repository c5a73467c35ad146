/** Plays through the browser's own HLS where there is no MSE; it adapts and holds its latency by itself. */
import { aheadMs, type Engine, type EngineFacts, type EngineOptions } from "./engine.ts";

/** Whether the browser plays HLS by itself. */
export const nativeSupported = (video: HTMLVideoElement): boolean =>
  video.canPlayType("application/vnd.apple.mpegurl") !== "";

type DatedVideo = HTMLVideoElement & { getStartDate?: () => Date };

export class NativeEngine implements Engine {
  readonly kind = "native";
  readonly #video: DatedVideo;
  readonly #options: EngineOptions;
  readonly #abort = new AbortController();

  constructor(video: HTMLVideoElement, options: EngineOptions) {
    this.#video = video;
    this.#options = options;
    const { signal } = this.#abort;
    video.addEventListener("loadedmetadata", () => options.report({ kind: "levels" }), { signal });
    video.addEventListener("ended", () => options.report({ kind: "finished" }), { signal });
    video.addEventListener(
      "error",
      () => {
        const code = video.error?.code ?? 0;
        const cause = code === MediaError.MEDIA_ERR_DECODE ? "media" : "network";
        options.report({ kind: "failed", cause, details: `media error ${code}` });
      },
      { signal },
    );
    video.src = options.playlistUrl;
  }

  look(): EngineFacts {
    const video = this.#video;
    const edge = video.seekable.length > 0 ? video.seekable.end(video.seekable.length - 1) : undefined;
    const startedAtMs = video.getStartDate?.().getTime();
    const dated = startedAtMs !== undefined && Number.isFinite(startedAtMs);
    return {
      levels:
        video.videoHeight > 0 ? [{ width: video.videoWidth, height: video.videoHeight, fps: 0, bitsPerSecond: 0 }] : [],
      level: video.videoHeight > 0 ? 0 : -1,
      loadLevel: -1,
      audioOnlyOffered: false,
      edgeLatencyMs: edge === undefined ? undefined : Math.max(0, edge - video.currentTime) * 1_000,
      pictureAgeMs: dated ? Date.now() - startedAtMs - video.currentTime * 1_000 : undefined,
      aheadMs: aheadMs(video),
      partTargetMs: 0,
      bitsPerSecond: this.#options.seedBitsPerSecond,
      layout: "",
      finished: video.ended,
    };
  }

  want(): void {}

  steer(): void {}

  goLive(): void {
    const { seekable } = this.#video;
    if (seekable.length > 0) this.#video.currentTime = seekable.end(seekable.length - 1);
  }

  recoverMedia(): void {
    this.#video.load();
  }

  close(): void {
    this.#abort.abort();
    this.#video.removeAttribute("src");
    this.#video.load();
  }
}
