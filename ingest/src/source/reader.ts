import type { Writable } from "node:stream";
import type { SourceTag } from "./gop-cache.ts";

/** Bounds of what waits for a slow reader. */
export interface ReaderLimits {
  readonly queueBytes: number;
  readonly queueMs: number;
  /** A reader that takes nothing for this long is ended. */
  readonly stuckMs: number;
}

export const READER_LIMITS: ReaderLimits = { queueBytes: 8 * 1024 * 1024, queueMs: 3_000, stuckMs: 15_000 };

/** What a reader needs of the source when it resumes. */
export interface ReaderStart {
  readonly hasVideo: boolean;
  /** Metadata and sequence headers now in force. */
  readonly head: readonly SourceTag[];
}

/**
 * One reader of a source. Writes a tag at a time while the body takes them, else queues; beyond the bounds the
 * queue is dropped and the reader resumes at the next keyframe, with the sequence headers in force by then.
 */
export class SourceReader {
  readonly #body: Writable;
  readonly #limits: ReaderLimits;
  readonly #nowMs: () => number;
  readonly #onDropped: (tags: number) => void;
  #queue: { readonly tag: SourceTag; readonly atMs: number }[] = [];
  #queuedBytes = 0;
  #blockedSinceMs: number | undefined;
  #skipping: boolean;
  /** Whether skipped tags count as dropped: not before the first keyframe. */
  #started: boolean;

  constructor(
    body: Writable,
    options: {
      readonly limits: ReaderLimits;
      readonly nowMs: () => number;
      readonly onDropped: (tags: number) => void;
      /** Written whatever the body says: bounded by the cache it comes from. */
      readonly first: readonly Buffer[];
      /** The first tags hold no keyframe: wait for one. */
      readonly awaitKey: boolean;
    },
  ) {
    this.#body = body;
    this.#limits = options.limits;
    this.#nowMs = options.nowMs;
    this.#onDropped = options.onDropped;
    this.#skipping = options.awaitKey;
    this.#started = !options.awaitKey;
    body.on("drain", () => this.#drain());
    for (const bytes of options.first) this.#write(bytes);
  }

  push(tag: SourceTag, start: ReaderStart): void {
    if (this.#stuck()) return;
    if (this.#skipping && !this.#resume(tag, start)) return;
    this.#enqueue(tag);
    this.#bound();
  }

  /** Whether the skipping ends at this tag; then first come the sequence headers in force. */
  #resume(tag: SourceTag, start: ReaderStart): boolean {
    if (start.hasVideo && tag.role !== "key") {
      if (this.#started && (tag.role === "frame" || tag.role === "audio")) this.#onDropped(1);
      return false;
    }
    this.#skipping = false;
    this.#started = true;
    for (const head of start.head) if (head !== tag) this.#enqueue(head);
    return true;
  }

  /** Ends the body after what is queued; a body that does not take it is destroyed. */
  end(): void {
    for (const { tag } of this.#queue) this.#body.write(tag.bytes);
    this.#queue = [];
    this.#body.end();
    const timer = setTimeout(() => this.#body.destroy(), this.#limits.stuckMs).unref();
    this.#body.on("close", () => clearTimeout(timer));
  }

  #stuck(): boolean {
    if (this.#blockedSinceMs === undefined) return false;
    const stuck = this.#nowMs() - this.#blockedSinceMs > this.#limits.stuckMs;
    if (stuck) this.#body.destroy();
    return stuck;
  }

  #enqueue(tag: SourceTag): void {
    if (this.#blockedSinceMs === undefined) {
      this.#write(tag.bytes);
      return;
    }
    this.#queue.push({ tag, atMs: this.#nowMs() });
    this.#queuedBytes += tag.bytes.length;
  }

  #write(bytes: Buffer): void {
    if (!this.#body.write(bytes)) this.#blockedSinceMs ??= this.#nowMs();
  }

  #bound(): void {
    if (this.#blockedSinceMs === undefined) return;
    const nowMs = this.#nowMs();
    const oldestMs = this.#queue[0]?.atMs ?? nowMs;
    if (this.#queuedBytes <= this.#limits.queueBytes && nowMs - oldestMs <= this.#limits.queueMs) return;
    this.#onDropped(this.#queue.length);
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#skipping = true;
  }

  #drain(): void {
    this.#blockedSinceMs = undefined;
    const waiting = this.#queue;
    this.#queue = [];
    this.#queuedBytes = 0;
    for (const { tag } of waiting) this.#enqueue(tag);
  }
}
