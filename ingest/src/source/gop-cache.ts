/** What a tag means to readers of a source. */
export type SourceTagRole = "metadata" | "video-config" | "audio-config" | "key" | "frame" | "audio";

/** One FLV tag, complete with header and back pointer; shared by all readers. */
export interface SourceTag {
  readonly role: SourceTagRole;
  readonly timestampMs: number;
  readonly bytes: Buffer;
}

export const GOP_MAX_BYTES = 8 * 1024 * 1024;
export const GOP_MAX_MS = 15_000;
export const GOP_MAX_TAGS = 4_096;

/**
 * The tags since the last keyframe, so that a reader begins with a picture. A group of pictures beyond the bounds
 * is forgotten as a whole (half of one decodes to nothing): readers then wait for the next keyframe. Pure.
 */
export class GopCache {
  #tags: SourceTag[] = [];
  #sizeBytes = 0;

  push(tag: SourceTag): void {
    if (tag.role === "key") this.clear();
    else if (this.#tags.length === 0) return;
    this.#tags.push(tag);
    this.#sizeBytes += tag.bytes.length;
    const startedMs = this.#tags[0]?.timestampMs ?? 0;
    const beyond =
      this.#sizeBytes > GOP_MAX_BYTES ||
      this.#tags.length > GOP_MAX_TAGS ||
      Math.abs(tag.timestampMs - startedMs) > GOP_MAX_MS;
    if (beyond) this.clear();
  }

  clear(): void {
    this.#tags = [];
    this.#sizeBytes = 0;
  }

  /** In order, beginning with the keyframe; empty when there is none. */
  tags(): readonly SourceTag[] {
    return this.#tags;
  }
}
