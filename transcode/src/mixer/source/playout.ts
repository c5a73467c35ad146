/** The time a source's media is due: its timeline, clock and delay in one, shared by its sound and picture. */
import { MediaTimeline } from "../clock/media-timeline.ts";
import { PlayoutDelay } from "../clock/playout-delay.ts";
import { SourceClock } from "../clock/source-clock.ts";

export class Playout {
  #timeline = new MediaTimeline();
  #clock = new SourceClock();
  #delay = new PlayoutDelay();

  /** Media time of a tag that arrives now. */
  arrive(rawMs: number, arrivalMs: number): number {
    const base = this.#clock.baseMs;
    const mediaMs = this.#timeline.map(rawMs, { expectedMs: base === null ? null : arrivalMs - base });
    const latenessMs = this.#clock.observe(mediaMs, arrivalMs);
    if (this.#clock.isSettled(arrivalMs)) this.#delay.observe(latenessMs, arrivalMs);
    return mediaMs;
  }

  /** Counts a picture that left the decoder at `atMs`: reordering and decoding take time too. */
  decoded(mediaMs: number, atMs: number): void {
    const base = this.#clock.baseMs;
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
    this.#delay = new PlayoutDelay();
  }

  get delayMs(): number {
    return this.#delay.ms;
  }

  /** Timestamp jumps and clock jumps, for statistics. */
  get jumps(): number {
    return this.#timeline.jumps + this.#clock.jumps;
  }
}
