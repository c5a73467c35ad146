/** The sound of a source: decodes at once, resamples to our clock and lays it into the ring where it is due. */
import { AvError } from "../av/node-av.ts";
import { type DecodedSound, Resampler, SoundDecoder } from "../av/sound-decoder.ts";
import { DriftControl } from "../sound/drift-control.ts";
import { SampleRing } from "../sound/sample-ring.ts";
import type { Playout } from "./playout.ts";

const SAMPLES_PER_MS = 48;
/** Timestamps are whole milliseconds; a larger step is a gap or an overlap. */
const GAP_MS = 30;
/** Without sound for this long, the picture no longer follows it. */
const QUIET_MS = 1_000;
const MIN_RATE = 7_350;
const MAX_RATE = 192_000;

export class SoundTrack {
  readonly ring = new SampleRing();
  readonly #playout: Playout;
  #drift = new DriftControl();
  #decoder: SoundDecoder | null = null;
  #config: Buffer | null = null;
  #resampler: Resampler | null = null;
  #shape = "";
  #expectedMs: number | null = null;
  #heardAtMs = Number.NEGATIVE_INFINITY;
  #mustPlace = true;
  #errors = 0;

  constructor(playout: Playout) {
    this.#playout = playout;
  }

  get errors(): number {
    return this.#errors;
  }

  get isConfigured(): boolean {
    return this.#decoder !== null;
  }

  /** Takes the decoder configuration; the same one again changes nothing. */
  configure(config: Buffer): void {
    if (this.#decoder && this.#config?.equals(config)) return;
    this.#decoder?.close();
    this.#decoder = null;
    this.#config = Buffer.from(config);
    try {
      this.#decoder = new SoundDecoder({ config });
    } catch (error) {
      if (!(error instanceof AvError)) throw error;
      this.#errors++;
    }
  }

  /** Takes one packet whose first sample has media time `mediaMs`. */
  push(data: Buffer, options: { readonly mediaMs: number; readonly nowMs: number }): void {
    if (!this.#decoder) return;
    const decoded = this.#decoder.decode(data, options.mediaMs * 1_000, (sound) => this.#take(sound, options.nowMs));
    if (!decoded) this.#errors++;
  }

  /** How much later than wanted the sound plays, for the picture to follow. */
  lagMs(nowMs: number): number {
    return nowMs - this.#heardAtMs < QUIET_MS ? -this.#drift.errorSamples / SAMPLES_PER_MS : 0;
  }

  /** Starts over for a new connection; what is in the ring plays on. */
  restart(): void {
    this.close();
    this.#drift = new DriftControl();
    this.#expectedMs = null;
    this.#mustPlace = true;
  }

  close(): void {
    this.#decoder?.close();
    this.#resampler?.close();
    this.#decoder = null;
    this.#resampler = null;
  }

  #take(sound: DecodedSound, nowMs: number): void {
    if (sound.sampleRate < MIN_RATE || sound.sampleRate > MAX_RATE || !this.#prepare(sound)) {
      this.#errors++;
      return;
    }
    const mediaMs = sound.ptsUs / 1_000;
    this.#heardAtMs = nowMs;
    this.#place(mediaMs, nowMs);
    this.#expectedMs = mediaMs + (sound.samples * 1_000) / sound.sampleRate;
    const count = this.#resampler?.convert(sound) ?? 0;
    if (this.#resampler) this.ring.write(this.#resampler.left, this.#resampler.right, count);
  }

  /** A new rate or channel count gets a new resampler. False when there is none for it. */
  #prepare(sound: DecodedSound): boolean {
    const shape = `${sound.sampleRate}/${sound.channels}/${sound.frame.format}`;
    if (this.#resampler && shape === this.#shape) return true;
    this.#resampler?.close();
    this.#resampler = null;
    try {
      this.#resampler = new Resampler(sound);
      this.#shape = shape;
      return true;
    } catch (error) {
      if (error instanceof AvError) return false;
      throw error;
    }
  }

  /** Moves the write position when it must, and steers the stretch otherwise. */
  #place(mediaMs: number, nowMs: number): void {
    const wanted = Math.round(this.#playout.dueMs(mediaMs) * SAMPLES_PER_MS);
    const end = this.ring.end;
    const isGap = this.#expectedMs !== null && Math.abs(mediaMs - this.#expectedMs) > GAP_MS;
    // What would be written behind the reader is lost anyway: a step forward costs nothing more.
    const isLate = end !== null && end < this.ring.readEnd && wanted > end;
    if (end === null || this.#mustPlace || isGap || isLate) {
      this.#resync(wanted);
      return;
    }
    const action = this.#drift.observe(wanted - end, nowMs);
    if (action.kind === "resync") this.#resync(wanted);
    else if (action.kind === "stretch") this.#resampler?.stretch(action.samples);
  }

  #resync(wanted: number): void {
    this.#mustPlace = false;
    this.ring.moveTo(wanted);
    this.#drift.resynced();
    this.#resampler?.stretch(0);
  }
}
