/** The time a source's media is due: its timeline, clock and delay in one, shared by its sound and picture. */
import { MediaTimeline } from "../clock/media-timeline.ts";
import { type DelayLimits, PlayoutDelay } from "../clock/playout-delay.ts";
import { SourceClock } from "../clock/source-clock.ts";

/** More than this between arrival and picture is a busy machine, not the stream's nature. */
const MAX_DECODE_MS = 20;

export class Playout {
  #timeline = new MediaTimeline();
  #clock = new SourceClock();
  #delay: PlayoutDelay;
  readonly #limits: DelayLimits;

  /** `limits`: of the delay. */
  constructor(limits: DelayLimits) {
    this.#limits = limits;
    this.#delay = new PlayoutDelay(limits);
  }

  /**
   * Media time of a tag that arrives now. `lagMs` is by how much our own process is late: the program is late by
   * the same, so it is no reason to wait longer.
   */
  arrive(rawMs: number, options: { readonly arrivalMs: number; readonly lagMs: number }): number {
    const { arrivalMs, lagMs } = options;
    const base = this.#clock.baseMs;
    const mediaMs = this.#timeline.map(rawMs, { expectedMs: base === null ? null : arrivalMs - base });
    this.observe(mediaMs, { arrivalMs, lagMs });
    return mediaMs;
  }

  /** Counts an arrival whose media time is known. */
  observe(mediaMs: number, options: { readonly arrivalMs: number; readonly lagMs: number }): void {
    const { arrivalMs, lagMs } = options;
    const latenessMs = this.#clock.observe(mediaMs, arrivalMs);
    if (this.#clock.isSettled(arrivalMs)) this.#delay.observe(latenessMs - lagMs, arrivalMs);
  }

  /** Counts a picture that left the decoder at `atMs`, fed last with a packet of `fedMs`: reordering takes time. */
  decoded(mediaMs: number, options: { readonly atMs: number; readonly fedMs: number }): void {
    const base = this.#clock.baseMs;
    const atMs = Math.min(options.atMs, options.fedMs + MAX_DECODE_MS);
    if (base !== null && this.#clock.isSettled(atMs)) this.#delay.observe(atMs - mediaMs - base, atMs);
  }

  /** Our monotonic time at which `mediaMs` is due. */
  dueMs(mediaMs: number): number {
    return mediaMs + (this.#clock.baseMs ?? 0) + this.#delay.ms;
  }

  /** Forgets everything, for a new connection. */
  restart(): void {
    this.#timeline = new MediaTimeline();
    this.#clock = new SourceClock();
    this.#delay = new PlayoutDelay(this.#limits);
  }

  get delayMs(): number {
    return this.#delay.ms;
  }

  /** Timestamp jumps and clock jumps, for statistics. */
  get jumps(): number {
    return this.#timeline.jumps + this.#clock.jumps;
  }
}
