/** Painted pieces by what they show: asked for when first needed, kept while they are. */
import { Worker } from "node:worker_threads";
import { type Overlay, overlayFromRgba } from "./overlay.ts";
import type { Painting } from "./paint.ts";
import type { Piece } from "./piece.ts";

/** Paints a piece some time and tells `done`; never when it cannot. */
export interface Painter {
  paint(key: string, piece: Piece, done: (key: string, painting: Painting) => void): void;
  close(): void;
}

/** Pieces kept at most; the longest unused go. Nine names and faces in two sizes fit several times. */
const MOST_PIECES = 128;

export class Overlays {
  readonly #painter: Painter;
  readonly #pieces = new Map<string, Overlay | null>();
  #news = false;

  constructor(painter: Painter) {
    this.#painter = painter;
  }

  /** The painted piece, or null until it is there. */
  get(piece: Piece): Overlay | null {
    const key = JSON.stringify(piece);
    const known = this.#pieces.get(key);
    if (known !== undefined) {
      // Used last: forgotten last.
      this.#pieces.delete(key);
      this.#pieces.set(key, known);
      return known;
    }
    this.#pieces.set(key, null);
    this.#forget();
    this.#painter.paint(key, piece, (painted, painting) => {
      if (!this.#pieces.has(painted)) return;
      this.#pieces.set(painted, overlayFromRgba(painting.rgba, painting));
      this.#news = true;
    });
    return this.#pieces.get(key) ?? null;
  }

  /** Whether something has been painted since the last call. */
  takeNews(): boolean {
    const news = this.#news;
    this.#news = false;
    return news;
  }

  close(): void {
    this.#painter.close();
  }

  #forget(): void {
    const oldest = this.#pieces.keys().next().value;
    if (this.#pieces.size > MOST_PIECES && oldest !== undefined) this.#pieces.delete(oldest);
  }
}

/** Paints in a thread that is started for the first piece. Without it (no Skia here) there are no names and faces. */
export class PainterThread implements Painter {
  #worker: Worker | null = null;
  #isBroken = false;
  readonly #waiting = new Map<string, (key: string, painting: Painting) => void>();

  paint(key: string, piece: Piece, done: (key: string, painting: Painting) => void): void {
    if (this.#isBroken) return;
    this.#waiting.set(key, done);
    this.#start().postMessage({ key, piece });
  }

  close(): void {
    this.#isBroken = true;
    void this.#worker?.terminate();
    this.#waiting.clear();
  }

  #start(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(new URL("painter-worker.ts", import.meta.url));
    worker.unref();
    worker.on("message", ({ key, painting }: { readonly key: string; readonly painting: Painting }) => {
      const done = this.#waiting.get(key);
      this.#waiting.delete(key);
      done?.(key, painting);
    });
    worker.on("error", () => {
      this.#isBroken = true;
      this.#waiting.clear();
    });
    this.#worker = worker;
    return worker;
  }
}
