/** A read-only look at the playback for tests and support: `__lianmaiStats()`. */
import type { Playback } from "./playback.svelte.ts";

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

/** Makes the stats readable until the returned function is called. */
export function exposeStats(playback: Playback): () => void {
  const look = (): ExposedStats => {
    const { facts, stats } = playback;
    const level = facts?.level ?? -1;
    return {
      picture: playback.picture,
      programId: playback.programId ?? "",
      latencyMs: facts?.pictureAgeMs,
      edgeLatencyMs: facts?.edgeLatencyMs,
      targetMs: stats?.targetMs ?? 0,
      aheadMs: facts?.aheadMs ?? 0,
      rate: stats?.rate ?? 1,
      partTargetMs: facts?.partTargetMs ?? 0,
      level,
      levelHeight: facts?.levels[level]?.height ?? 0,
      levels: facts?.levels ?? [],
      bitsPerSecond: facts?.bitsPerSecond ?? 0,
      stalls: stats?.stalls ?? 0,
      stalledMs: stats?.stalledMs ?? 0,
      errors: stats?.errors ?? 0,
      lastError: stats?.lastError ?? "",
      recoveries: stats?.recoveries ?? 0,
      firstFrameMs: stats?.firstFrameMs,
      currentTimeS: stats?.currentTimeS ?? 0,
      droppedFrames: stats?.droppedFrames ?? 0,
      shownFrames: stats?.shownFrames ?? 0,
    };
  };
  window.__lianmaiStats = look;
  return () => {
    if (window.__lianmaiStats === look) delete window.__lianmaiStats;
  };
}
