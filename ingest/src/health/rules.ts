/** Which measurements are worth telling a host, how loudly, and which OBS setting changes them. Pure. */
import type { IngestFinding } from "../contract.ts";
import type { FindingCode, Observation } from "./findings.ts";

/** One look at a publisher. */
export interface Measured {
  readonly uptimeMs: number;
  readonly width: number;
  readonly height: number;
  readonly hasVideo: boolean;
  readonly hasAudio: boolean;
  /** Since the last audio frame; infinite when there was none. */
  readonly sinceAudioMs: number;
  readonly efficientCodec: boolean;
  readonly fps: number;
  /** From the metadata; 0 when unknown. */
  readonly fpsHint: number;
  readonly unevenShare: number;
  readonly videoBitsPerSecond: number;
  readonly unsteadiness: number;
  readonly keyframeIntervalsMs: readonly number[];
  readonly sinceKeyframeMs: number;
  readonly bFrames: boolean;
  readonly driftPpm: number;
  readonly lateMs: number;
  /** Counts since the last look. */
  readonly newJumps: number;
  readonly newBackwards: number;
  readonly newAudioGaps: number;
  readonly largestJumpMs: number;
  readonly largestAudioGapMs: number;
  readonly unsupportedCodec: boolean;
}

/** Where OBS has each setting. */
export const OBS_SETTINGS: Readonly<Record<FindingCode, string>> = {
  "keyframe-interval-long": "Settings > Output > Streaming > Keyframe Interval",
  "keyframe-interval-uneven": "Settings > Output > Streaming > Keyframe Interval",
  "b-frames": "Settings > Output > Streaming > B-Frames",
  "bitrate-low": "Settings > Output > Streaming > Bitrate",
  "bitrate-unsteady": "Settings > Output > Streaming > Rate Control",
  "fps-low": "Settings > Video > Common FPS Values",
  "fps-uneven": "Settings > Video > Common FPS Values",
  "timestamp-jump": "Settings > Output > Streaming > Video Encoder",
  "timestamp-backwards": "Settings > Output > Streaming > Video Encoder",
  "audio-gap": "Settings > Audio > Sample Rate",
  "audio-missing": "Audio Mixer > Advanced Audio Properties > Tracks",
  "clock-drift": "Settings > Audio > Sample Rate",
  "late-arrival": "Settings > Output > Streaming > Bitrate",
  "codec-unsupported": "Settings > Output > Streaming > Video Encoder",
};

const WARM_UP_MS = 6_000;
const round = (value: number, digits = 0): number => Math.round(value * 10 ** digits) / 10 ** digits;

/** Everything worth telling about this look. */
export function observe(measured: Measured): Observation[] {
  const seen: Observation[] = [];
  const add = (
    code: FindingCode,
    severity: IngestFinding["severity"],
    values: Readonly<Record<string, number>>,
    afterMs = 0,
  ) => seen.push({ code, severity, values, obsSetting: OBS_SETTINGS[code], afterMs });

  if (measured.unsupportedCodec) add("codec-unsupported", "error", {});
  if (measured.newJumps > 0)
    add("timestamp-jump", "warn", { jumpMs: measured.largestJumpMs, count: measured.newJumps });
  if (measured.newBackwards > 0) add("timestamp-backwards", "error", { count: measured.newBackwards });
  if (measured.newAudioGaps > 0) {
    add("audio-gap", "warn", { gapMs: measured.largestAudioGapMs, count: measured.newAudioGaps });
  }
  if (Math.abs(measured.driftPpm) > 300) add("clock-drift", "warn", { ppm: measured.driftPpm }, 5_000);
  if (measured.lateMs > 500)
    add("late-arrival", measured.lateMs > 2_000 ? "error" : "warn", { lateMs: measured.lateMs }, 2_000);
  if (measured.uptimeMs < WARM_UP_MS) return seen;
  if (measured.hasVideo) observeVideo(measured, add);
  if (!measured.hasAudio) add("audio-missing", "info", {});
  else if (measured.sinceAudioMs > 3_000) add("audio-missing", "warn", { silentMs: round(measured.sinceAudioMs) });
  return seen;
}

type Add = (
  code: FindingCode,
  severity: IngestFinding["severity"],
  values: Readonly<Record<string, number>>,
  afterMs?: number,
) => void;

function observeVideo(measured: Measured, add: Add): void {
  observeKeyframes(measured, add);
  observeFrameRate(measured, add);
  if (measured.bFrames) add("b-frames", "info", {});
  const pixelsPerSecond = measured.width * measured.height * measured.fps;
  const bitsPerPixel = pixelsPerSecond > 0 ? measured.videoBitsPerSecond / pixelsPerSecond : 1;
  if (bitsPerPixel < (measured.efficientCodec ? 0.012 : 0.022)) {
    const values = { bitsPerSecond: measured.videoBitsPerSecond, bitsPerPixel: round(bitsPerPixel, 4) };
    add("bitrate-low", "info", values, 5_000);
  }
  if (measured.unsteadiness > 0.6) {
    add("bitrate-unsteady", "info", { variationPercent: round(measured.unsteadiness * 100) }, 8_000);
  }
}

function observeKeyframes({ sinceKeyframeMs, keyframeIntervalsMs }: Measured, add: Add): void {
  const longestMs = Math.max(sinceKeyframeMs, ...keyframeIntervalsMs);
  if (longestMs > 4_500) {
    const severity = longestMs > 9_000 ? "error" : "warn";
    add("keyframe-interval-long", severity, { intervalMs: round(longestMs), adviceMs: 2_000 });
  }
  const shortestMs = Math.min(...keyframeIntervalsMs);
  if (keyframeIntervalsMs.length >= 3 && longestMs - shortestMs > Math.max(250, longestMs * 0.2)) {
    const values = { shortestMs: round(shortestMs), longestMs: round(longestMs) };
    add("keyframe-interval-uneven", "info", values, 3_000);
  }
}

function observeFrameRate({ fps, fpsHint, unevenShare }: Measured, add: Add): void {
  const wantedFps = fpsHint > 0 && fpsHint <= 240 ? fpsHint : 24;
  if (fps < wantedFps * 0.9) {
    const severity = fps < wantedFps * 0.6 ? "error" : "warn";
    add("fps-low", severity, { fps, wantedFps: round(wantedFps, 2) }, 4_000);
  }
  if (unevenShare > 0.1) add("fps-uneven", "warn", { unevenPercent: round(unevenShare * 100) }, 4_000);
}
