/**
 * The layouts of a program as date ranges: each holds from the picture it came with until the next. Players find in
 * them who stands where at the moment they show. rfc8216bis 4.4.5.1.
 */
import type { LayoutDocument } from "../layout/document.ts";
import type { DateRange } from "./media-playlist.ts";

/** CLASS of these date ranges; the document is in X-LAYOUT, as base64url of its JSON. */
export const LAYOUT_RANGE_CLASS = "lianmai.layout";
/** Layouts kept at most; a window lasts some 30 s, and nobody moves people faster for long. */
const MOST_RANGES = 64;

export class LayoutRanges {
  readonly #options: { readonly startedAtMs: number; readonly fps: number };
  #ranges: DateRange[] = [];

  /** `startedAtMs`: wall time of the program's zero. */
  constructor(options: { readonly startedAtMs: number; readonly fps: number }) {
    this.#options = options;
  }

  /** A layout is shown from this picture on. */
  add(index: number, layout: LayoutDocument): void {
    const startMs = this.#options.startedAtMs + Math.round((index * 1_000) / this.#options.fps);
    const value = Buffer.from(JSON.stringify(layout)).toString("base64url");
    // A mixer that took over tells again what is shown.
    if (this.#ranges.at(-1)?.value === value) return;
    this.#ranges.push({ id: `layout-${index}`, startMs, rangeClass: LAYOUT_RANGE_CLASS, value });
    if (this.#ranges.length > MOST_RANGES) this.#ranges.shift();
  }

  /** Those that hold at `fromMs` (wall time) or later; what is over by then is forgotten. */
  since(fromMs: number): readonly DateRange[] {
    const first = this.#ranges.findLastIndex(({ startMs }) => startMs <= fromMs);
    return this.#ranges.slice(Math.max(0, first));
  }
}
