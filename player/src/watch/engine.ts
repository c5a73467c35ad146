/** What the watch page asks of whatever plays the stream, and the facts it gets back. */
import type { LatencyStep } from "./latency.ts";

/** One video level of the ladder, lowest first. */
export type EngineLevel = {
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  readonly bitsPerSecond: number;
};

/** What the viewer wants to see. */
export type Quality =
  | { readonly kind: "auto" }
  | { readonly kind: "height"; readonly height: number }
  | { readonly kind: "audio" };

/** What an engine tells its owner, as it happens. */
export type EngineEvent =
  | { readonly kind: "levels" }
  | { readonly kind: "error"; readonly details: string; readonly status: number; readonly network: boolean }
  | { readonly kind: "failed"; readonly cause: "network" | "media" | "other"; readonly details: string }
  | { readonly kind: "finished" };

/** A look at the engine, taken at each tick. */
export type EngineFacts = {
  readonly levels: readonly EngineLevel[];
  /** Level on screen and level being loaded; -1 when unknown or audio only. */
  readonly level: number;
  readonly loadLevel: number;
  readonly audioOnlyOffered: boolean;
  /** Distance from the end of what the origin has; undefined before the first playlist. */
  readonly edgeLatencyMs: number | undefined;
  /** Age of the picture on screen by the server's clock; undefined until that clock is known. */
  readonly pictureAgeMs: number | undefined;
  readonly aheadMs: number;
  readonly partTargetMs: number;
  readonly bitsPerSecond: number;
  /** Layout of the picture on screen, as a playlist carries it; empty when it carries none. */
  readonly layout: string;
  /** The playlist says that nothing will follow. */
  readonly finished: boolean;
};

/** One attachment of a stream to a video element. `close` may be called more than once. */
export interface Engine {
  readonly kind: "hls.js" | "native" | "whep";
  look(): EngineFacts;
  want(quality: Quality): void;
  /** Applies the latency controller's decision. */
  steer(step: LatencyStep): void;
  goLive(): void;
  recoverMedia(): void;
  close(): void;
}

/** What an engine needs to start. */
export type EngineOptions = {
  readonly playlistUrl: string;
  /** By WebRTC rather than HLS. */
  readonly realtime: boolean;
  /** Counts the viewer at the edge; random for each page. */
  readonly viewerId: string;
  readonly seedBitsPerSecond: number;
  readonly quality: Quality;
  readonly report: (event: EngineEvent) => void;
  /** 0 to 1, for jitter. */
  readonly random: () => number;
};

/** Milliseconds of media ahead of the picture in one unbroken range. */
export function aheadMs(video: HTMLVideoElement): number {
  const { buffered, currentTime } = video;
  for (let i = 0; i < buffered.length; i++) {
    if (buffered.start(i) <= currentTime + 0.1 && buffered.end(i) > currentTime) {
      return Math.max(0, (buffered.end(i) - currentTime) * 1_000);
    }
  }
  return 0;
}

/** Index of the level whose height is nearest; -1 when there is none. */
export function nearestLevel(levels: readonly EngineLevel[], height: number): number {
  let best = -1;
  for (const [index, level] of levels.entries()) {
    const distance = Math.abs(level.height - height);
    if (best === -1 || distance < Math.abs((levels[best]?.height ?? 0) - height)) best = index;
  }
  return best;
}
