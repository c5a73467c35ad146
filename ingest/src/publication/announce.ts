import type { Publication } from "../contract.ts";

/** What has been seen of a session's media; times are monotonic milliseconds. */
export interface MediaFacts {
  readonly videoCodec: Exclude<Publication["videoCodec"], "none"> | undefined;
  readonly audioCodec: Exclude<Publication["audioCodec"], "none"> | undefined;
  readonly firstKeyAtMs: number | undefined;
  readonly firstAudioAtMs: number | undefined;
}

export type Codecs = Pick<Publication, "videoCodec" | "audioCodec">;

/** How long after the first keyframe sound may still come before the publication is announced without. */
export const AUDIO_WAIT_MS = 1_000;
/** How long after the first sound a picture may still come. */
export const VIDEO_WAIT_MS = 3_000;

/** The codecs to announce now, or undefined while more must be seen. Pure. */
export function announceable(facts: MediaFacts, nowMs: number): Codecs | undefined {
  const { videoCodec, audioCodec, firstKeyAtMs, firstAudioAtMs } = facts;
  if (videoCodec && firstKeyAtMs !== undefined) {
    if (audioCodec) return { videoCodec, audioCodec };
    return nowMs - firstKeyAtMs >= AUDIO_WAIT_MS ? { videoCodec, audioCodec: "none" } : undefined;
  }
  if (audioCodec && firstAudioAtMs !== undefined && nowMs - firstAudioAtMs >= VIDEO_WAIT_MS) {
    return { videoCodec: "none", audioCodec };
  }
  return undefined;
}
