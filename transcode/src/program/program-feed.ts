/** One program as the stage reads it: encoded pictures and sound to whoever is attached, from the last keyframe on. */
import { randomBytes } from "node:crypto";
import type { Writable } from "node:stream";
import { type FeedFrame, writeFeedFrame } from "@lianmai/ingest/program-feed";
import type { Rung } from "../contract.ts";
import type { EncodedPicture } from "../pack/encoded.ts";

/** Stage processes that read one program. */
const MAX_READERS = 8;
/** What may wait for a reader; one that is further behind is let go and comes anew. */
const QUEUE_BYTES = 8 * 1024 * 1024;
/** Pictures kept since a keyframe, which come each second. */
const MAX_KEPT = 300;
const SAMPLES_PER_MS = 48;

interface Layer {
  config: Buffer | null;
  /** Frames since the last keyframe, as bytes. */
  kept: Buffer[];
}

export interface ProgramFeedOptions {
  /** Video rungs, in any order. */
  readonly rungs: readonly Rung[];
  readonly fps: number;
  /** Wall time of picture 0. */
  readonly zeroWallMs: number;
  /** Somebody reads now, or nobody does any more. */
  readonly onWanted: (wanted: boolean) => void;
}

export class ProgramFeed {
  readonly token = randomBytes(24).toString("base64url");
  readonly #options: ProgramFeedOptions;
  readonly #layers: readonly Layer[];
  readonly #readers = new Set<Writable>();
  #ended = false;

  constructor(options: ProgramFeedOptions) {
    this.#options = options;
    this.#layers = options.rungs.map(() => ({ config: null, kept: [] }));
  }

  config(rung: string, avcC: Buffer): void {
    const { at, layer } = this.#find(rung);
    if (!layer) return;
    layer.config = Buffer.from(avcC);
    this.#write(writeFeedFrame({ kind: "config", layer: at, data: layer.config }));
  }

  picture(rung: string, { index, key, data }: EncodedPicture): void {
    const { at, layer } = this.#find(rung);
    if (!layer) return;
    const atMs = (index * 1_000) / this.#options.fps;
    const bytes = writeFeedFrame({ kind: "picture", layer: at, key, atMs, data });
    if (key) layer.kept = [];
    if ((key || layer.kept.length > 0) && layer.kept.length < MAX_KEPT) layer.kept.push(bytes);
    this.#write(bytes);
  }

  /** One Opus packet that begins at program sample `sample`. */
  sound(track: "mix" | "solo", sample: number, data: Buffer): void {
    if (this.#readers.size === 0) return;
    this.#write(writeFeedFrame({ kind: "sound", track, atMs: sample / SAMPLES_PER_MS, data }));
  }

  /** Sends everything from the last keyframe on; false when it takes no more readers. */
  attach(body: Writable): boolean {
    if (this.#ended || this.#readers.size >= MAX_READERS) return false;
    body.on("error", () => {});
    body.on("close", () => this.#gone(body));
    body.write(writeFeedFrame(this.#header()));
    for (const [at, { config, kept }] of this.#layers.entries()) {
      if (config) body.write(writeFeedFrame({ kind: "config", layer: at, data: config }));
      for (const bytes of kept) body.write(bytes);
    }
    this.#readers.add(body);
    if (this.#readers.size === 1) this.#options.onWanted(true);
    return true;
  }

  end(): void {
    this.#ended = true;
    for (const body of this.#readers) body.end();
  }

  #gone(body: Writable): void {
    if (this.#readers.delete(body) && this.#readers.size === 0) this.#options.onWanted(false);
  }

  #header(): FeedFrame {
    const layers = this.#options.rungs.map(({ name, width, height, videoBitsPerSecond }) => ({
      ...{ name, width, height },
      bitsPerSecond: videoBitsPerSecond,
    }));
    return { kind: "header", header: { version: 1, zeroWallMs: this.#options.zeroWallMs, layers } };
  }

  #find(rung: string): { readonly at: number; readonly layer: Layer | undefined } {
    const at = this.#options.rungs.findIndex(({ name }) => name === rung);
    return { at, layer: this.#layers[at] };
  }

  #write(bytes: Buffer): void {
    for (const body of this.#readers) {
      if (body.writableLength > QUEUE_BYTES) body.destroy();
      else body.write(bytes);
    }
  }
}
