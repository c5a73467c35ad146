import type { Writable } from "node:stream";
import type { ReadableSource } from "../publication/publisher-session.ts";
import { writeFlvHeader } from "./flv-write.ts";
import { GopCache, type SourceTag } from "./gop-cache.ts";
import { READER_LIMITS, type ReaderLimits, SourceReader } from "./reader.ts";

/** Most readers of one source at once. */
export const MAX_READERS = 4;

/** One session's media, handed to any number (up to {@link MAX_READERS}) of readers as endless FLV. */
export class SessionSource implements ReadableSource {
  readonly contentType = "video/x-flv";
  readonly #readers = new Set<SourceReader>();
  readonly #gop = new GopCache();
  readonly #limits: ReaderLimits;
  readonly #nowMs: () => number;
  readonly #onDropped: (tags: number) => void;
  #metadata: SourceTag | undefined;
  #videoConfig: SourceTag | undefined;
  #audioConfig: SourceTag | undefined;
  #ended = false;

  constructor(options: {
    readonly nowMs: () => number;
    readonly onDropped: (tags: number) => void;
    readonly limits?: ReaderLimits;
  }) {
    this.#nowMs = options.nowMs;
    this.#onDropped = options.onDropped;
    this.#limits = options.limits ?? READER_LIMITS;
  }

  get readers(): number {
    return this.#readers.size;
  }

  push(tag: SourceTag): void {
    if (tag.role === "metadata") this.#metadata = tag;
    else if (tag.role === "video-config") this.#videoConfig = tag;
    else if (tag.role === "audio-config") this.#audioConfig = tag;
    this.#gop.push(tag);
    const start = { hasVideo: this.#videoConfig !== undefined, head: this.#head() };
    for (const reader of this.#readers) reader.push(tag, start);
  }

  /** Starts a reader on a body; false when there are too many, or the session has ended. */
  attach(body: Writable): boolean {
    if (this.#ended || this.#readers.size >= MAX_READERS) return false;
    const hasVideo = this.#videoConfig !== undefined;
    const gop = this.#gop.tags();
    const header = writeFlvHeader({ audio: this.#audioConfig !== undefined, video: hasVideo });
    const reader = new SourceReader(body, {
      limits: this.#limits,
      nowMs: this.#nowMs,
      onDropped: this.#onDropped,
      first: [header, ...this.#head().map((tag) => tag.bytes), ...gop.map((tag) => tag.bytes)],
      awaitKey: hasVideo && gop.length === 0,
    });
    this.#readers.add(reader);
    body.on("close", () => this.#readers.delete(reader));
    return true;
  }

  /** RTMP has no way to ask. */
  requestKeyframe(): void {}

  /** The publisher is gone: bodies end after what is queued. */
  end(): void {
    this.#ended = true;
    for (const reader of this.#readers) reader.end();
    this.#readers.clear();
    this.#gop.clear();
  }

  #head(): SourceTag[] {
    return [this.#metadata, this.#videoConfig, this.#audioConfig].filter((tag) => tag !== undefined);
  }
}
