/** A read-only look at the playback for tests and support: `__lianmaiStats()`. */
import type { EngineFacts } from "./engine.ts";
import type { Playback } from "./playback.svelte.ts";
import type { PlaybackStats } from "./playback-parts.ts";

/** What `__lianmaiStats()` answers. Times in milliseconds; `latencyMs` is the picture's age by the server's clock. */
export type ExposedStats = {
  readonly picture: string;
  readonly programId: string;
  readonly latencyMs: number | undefined;
  readonly edgeLatencyMs: number | undefined;
  readonly targetMs: number;
  readonly aheadMs: number;
  readonly rate: number;
  readonly partTargetMs: number;
  readonly level: number;
  readonly levelHeight: number;
  readonly levels: readonly { readonly height: number; readonly bitsPerSecond: number }[];
  readonly bitsPerSecond: number;
  readonly stalls: number;
  readonly stalledMs: number;
  readonly errors: number;
  readonly lastError: string;
  readonly recoveries: number;
  readonly firstFrameMs: number | undefined;
  readonly currentTimeS: number;
  readonly droppedFrames: number;
  readonly shownFrames: number;
};

declare global {
  interface Window {
    __lianmaiStats?: () => ExposedStats;
  }
}

const NO_FACTS: EngineFacts = {
  levels: [],
  level: -1,
  loadLevel: -1,
  audioOnlyOffered: false,
  edgeLatencyMs: undefined,
  pictureAgeMs: undefined,
  aheadMs: 0,
  partTargetMs: 0,
  bitsPerSecond: 0,
  layout: "",
  finished: false,
};

const NO_STATS: PlaybackStats = {
  stalls: 0,
  stalledMs: 0,
  recoveries: 0,
  errors: 0,
  lastError: "",
  firstFrameMs: undefined,
  droppedFrames: 0,
  shownFrames: 0,
  rate: 1,
  targetMs: 0,
  currentTimeS: 0,
  width: 0,
  height: 0,
};

function ofFacts({ levels, level, edgeLatencyMs, pictureAgeMs, aheadMs, partTargetMs, bitsPerSecond }: EngineFacts) {
  const levelHeight = levels[level]?.height ?? 0;
  return { latencyMs: pictureAgeMs, edgeLatencyMs, aheadMs, partTargetMs, level, levelHeight, levels, bitsPerSecond };
}

function ofStats({ width: _width, height: _height, ...stats }: PlaybackStats) {
  return stats;
}

/** Makes the stats readable until the returned function is called. */
export function exposeStats(playback: Playback): () => void {
  const look = (): ExposedStats => ({
    picture: playback.picture,
    programId: playback.programId ?? "",
    ...ofFacts(playback.facts ?? NO_FACTS),
    ...ofStats(playback.stats ?? NO_STATS),
  });
  window.__lianmaiStats = look;
  return () => {
    if (window.__lianmaiStats === look) delete window.__lianmaiStats;
  };
}
