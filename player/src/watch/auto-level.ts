/** Feeds measurements of the running downloads into the level choice and keeps its answer between segments. */
import { addTransfer, type Bandwidth, bitsPerSecond, startBandwidth } from "./bandwidth.ts";
import { chooseLevel, type LevelMemory, type LevelOffer, startLevelMemory } from "./choose-level.ts";

/** What the choice needs to see of the player. */
export type AutoLevelView = {
  readonly levels: () => readonly LevelOffer[];
  readonly aheadMs: () => number;
  readonly targetMs: () => number;
  readonly screenHeight: () => number;
  /** Whether the next part to load begins a segment: only there is a change of level seamless. */
  readonly betweenSegments: () => boolean;
  readonly nowMs: () => number;
};

/** A download under way. */
type Download = { readonly startedAtMs: number; firstAtMs: number; bytes: number; totalBytes: number; mediaMs: number };

/** A body slower than this share of its media's duration is watched. */
const SLOW_SHARE = 0.6;

export class AutoLevel {
  readonly #view: AutoLevelView;
  #bandwidth: Bandwidth;
  #memory: LevelMemory = startLevelMemory;
  #level = -1;
  #fixed = -1;
  #download: Download | undefined;

  constructor(view: AutoLevelView, seedBitsPerSecond: number) {
    this.#view = view;
    this.#bandwidth = startBandwidth(seedBitsPerSecond);
  }

  get bitsPerSecond(): number {
    return bitsPerSecond(this.#bandwidth);
  }

  /** A level that is kept whatever the link does; -1 for automatic. */
  set fixed(level: number) {
    this.#fixed = level;
  }

  get fixed(): number {
    return this.#fixed;
  }

  /** Another owner (error handling of the library) moved to a level. */
  set level(level: number) {
    this.#level = level;
  }

  /** Level for the next download; decides anew only between segments. */
  get level(): number {
    const count = this.#view.levels().length;
    if (count === 0) return -1;
    if (this.#level >= 0 && this.#level < count && !this.#view.betweenSegments()) return this.#level;
    this.#decide();
    return this.#level;
  }

  started(mediaMs: number): void {
    this.#download = { startedAtMs: this.#view.nowMs(), firstAtMs: 0, bytes: 0, totalBytes: 0, mediaMs };
  }

  headers(totalBytes: number): void {
    if (!this.#download || this.#download.firstAtMs > 0) return;
    this.#download.firstAtMs = this.#view.nowMs();
    this.#download.totalBytes = totalBytes;
  }

  /**
   * More of the body is here.
   * @returns the level to change to at once because this download will come too late, or -1
   */
  progress(bytes: number): number {
    const download = this.#download;
    if (!download) return -1;
    download.bytes = bytes;
    return this.checkSlow();
  }

  /** Also to be asked while nothing arrives. Same answer as {@link progress}. */
  checkSlow(): number {
    const download = this.#download;
    if (!download || this.#level <= 0 || this.#fixed >= 0) return -1;
    const nowMs = this.#view.nowMs();
    const bodyMs = nowMs - (download.firstAtMs || download.startedAtMs);
    if (bodyMs < download.mediaMs * SLOW_SHARE) return -1;
    const rate = (download.bytes * 8_000) / bodyMs;
    const expected =
      download.totalBytes || (download.mediaMs * (this.#view.levels()[this.#level]?.bitsPerSecond ?? 0)) / 8_000;
    const remainingMs = rate > 0 ? ((expected - download.bytes) * 8_000) / rate : Number.POSITIVE_INFINITY;
    const choice = chooseLevel({ ...this.#situation(), slowPart: { bitsPerSecond: rate, remainingMs } }, this.#memory);
    if (!choice.urgent) return -1;
    this.#memory = choice.memory;
    this.#level = choice.level;
    // The link is not what it was: what came before says nothing about it.
    this.#bandwidth = startBandwidth(rate);
    this.#download = undefined;
    return choice.level;
  }

  finished(bytes: number): void {
    const download = this.#download;
    this.#download = undefined;
    if (!download) return;
    const nowMs = this.#view.nowMs();
    const bodyMs = nowMs - (download.firstAtMs || download.startedAtMs);
    this.#bandwidth = addTransfer(this.#bandwidth, { bytes, bodyMs, mediaMs: download.mediaMs });
  }

  aborted(): void {
    this.#download = undefined;
  }

  #decide(): void {
    if (this.#fixed >= 0) {
      this.#level = Math.min(this.#fixed, this.#view.levels().length - 1);
      return;
    }
    const choice = chooseLevel(this.#situation(), this.#memory);
    this.#memory = choice.memory;
    this.#level = choice.level;
  }

  #situation() {
    const view = this.#view;
    return {
      levels: view.levels(),
      current: this.#level,
      bitsPerSecond: this.bitsPerSecond,
      aheadMs: view.aheadMs(),
      targetMs: view.targetMs(),
      screenHeight: view.screenHeight(),
      nowMs: view.nowMs(),
    };
  }
}
