/** What a playback is given, and what it counts. */
import type { Engine, EngineOptions } from "./engine.ts";

/** Counters and measures for the statistics panel and for tests. */
export type PlaybackStats = {
  readonly stalls: number;
  readonly stalledMs: number;
  readonly recoveries: number;
  readonly errors: number;
  readonly lastError: string;
  readonly firstFrameMs: number | undefined;
  readonly droppedFrames: number;
  readonly shownFrames: number;
  readonly rate: number;
  readonly targetMs: number;
  readonly currentTimeS: number;
  readonly width: number;
  readonly height: number;
};

/** What a playback needs from outside. */
export type PlaybackParts = {
  readonly createEngine: (video: HTMLVideoElement, options: EngineOptions) => Engine | undefined;
  readonly viewerId: string;
  readonly seedBitsPerSecond: number;
  readonly saveBitsPerSecond: (value: number) => void;
  readonly onFinished: () => void;
  readonly onFailing: () => void;
  /** The picture is about to be taken off the element: keep what it shows. */
  readonly onReplace: () => void;
};
