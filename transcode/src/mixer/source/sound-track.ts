/** The sound of a source: decodes at once, resamples to our clock and lays it into the ring where it is due. */
import { AvError } from "../av/node-av.ts";
import { type DecodedSound, Resampler, type SoundConfig, SoundDecoder } from "../av/sound-decoder.ts";
import { findPeriod, goOn, HISTORY_SAMPLES } from "../sound/conceal.ts";
import { Deferral } from "../sound/deferral.ts";
import { DriftControl } from "../sound/drift-control.ts";
import { SampleRing } from "../sound/sample-ring.ts";
import type { Playout } from "./playout.ts";

const SAMPLES_PER_MS = 48;
/** Timestamps may be whole milliseconds (FLV); a larger step is a gap or an overlap. */
const GAP_MS = 30;
/** Without sound for this long, the picture no longer follows it. */
const QUIET_MS = 1_000;
/** Losses up to this long are made up for. */
const MOST_CONCEALED_MS = 120;
/** What is made up runs on under the sound that follows, and gives way to it. */
const BLEND_SAMPLES = 240;
const MIN_RATE = 7_350;
const MAX_RATE = 192_000;

export class SoundTrack {
  readonly ring = new SampleRing();
  readonly #playout: Playout;
  #drift = new DriftControl();
  #deferral = new Deferral();
  #decoder: SoundDecoder | null = null;
  #config: SoundConfig | null = null;
  #resampler: Resampler | null = null;
  #shape = "";
  #expectedMs: number | null = null;
  #heardAtMs = Number.NEGATIVE_INFINITY;
  #mustPlace = true;
  #errors = 0;
  #concealed = 0;
  #blend: { readonly left: Float32Array; readonly right: Float32Array } | null = null;

  constructor(playout: Playout) {
    this.#playout = playout;
  }

  get errors(): number {
    return this.#errors;
  }

  /** Losses made up for. */
  get concealed(): number {
    return this.#concealed;
  }

  /** When sound last came in. */
  get heardAtMs(): number {
    return this.#heardAtMs;
  }

  get isConfigured(): boolean {
    return this.#decoder !== null;
  }

  /** Takes the decoder configuration; the same one again changes nothing. */
  configure({ codec, config }: SoundConfig): void {
    if (this.#decoder && this.#config?.codec === codec && this.#config.config.equals(config)) return;
    this.#decoder?.close();
    this.#decoder = null;
    this.#config = { codec, config: Buffer.from(config) };
    try {
      this.#decoder = new SoundDecoder(this.#config);
    } catch (error) {
      if (!(error instanceof AvError)) throw error;
      this.#errors++;
    }
  }

  /** Takes one packet whose first sample has media time `mediaMs`. */
  push(
    data: Buffer,
    options: { readonly mediaMs: number; readonly nowMs: number; readonly isAfterLoss?: boolean },
  ): void {
    if (!this.#decoder) return;
    if (options.isAfterLoss) this.#conceal(options.mediaMs);
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
    this.#blend = null;
    this.#mustPlace = true;
    this.#deferral = new Deferral();
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
    if (!this.#resampler) return;
    this.#blendIn(this.#resampler.left, this.#resampler.right, count);
    this.ring.write(this.#resampler.left, this.#resampler.right, count);
  }

  /** Fills the place of lost packets, when it is short enough, up to the one with `mediaMs`. */
  #conceal(mediaMs: number): void {
    const missingMs = this.#expectedMs === null ? 0 : mediaMs - this.#expectedMs;
    if (missingMs < 1 || missingMs > MOST_CONCEALED_MS || this.ring.end === null) return;
    const missing = Math.round(missingMs * SAMPLES_PER_MS);
    const { left, right } = this.ring.newest(HISTORY_SAMPLES);
    const shape = { period: findPeriod(left), count: missing + BLEND_SAMPLES };
    const [madeLeft, madeRight] = [goOn(left, shape), goOn(right, shape)];
    this.ring.write(madeLeft, madeRight, missing);
    this.#blend = { left: madeLeft.subarray(missing), right: madeRight.subarray(missing) };
    this.#expectedMs = mediaMs;
    this.#concealed++;
  }

  #blendIn(left: Float32Array, right: Float32Array, count: number): void {
    const blend = this.#blend;
    this.#blend = null;
    if (!blend) return;
    for (let i = 0; i < Math.min(count, BLEND_SAMPLES); i++) {
      const share = i / BLEND_SAMPLES;
      left[i] = (left[i] ?? 0) * share + (blend.left[i] ?? 0) * (1 - share);
      right[i] = (right[i] ?? 0) * share + (blend.right[i] ?? 0) * (1 - share);
    }
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
    const due = Math.round(this.#playout.dueMs(mediaMs) * SAMPLES_PER_MS);
    const { end, readEnd } = this.ring;
    const isGap = this.#expectedMs !== null && Math.abs(mediaMs - this.#expectedMs) > GAP_MS;
    // A report has told what was missing: sound comes in time again, at once.
    if (isGap && due >= readEnd) this.#deferral = new Deferral();
    const delay = Math.round(this.#playout.delayMs * SAMPLES_PER_MS);
    if (this.#deferral.observe(due, { readEnd, delay, nowMs })) this.#mustPlace = true;
    const wanted = due + this.#deferral.samples;
    // What would be written behind the reader is lost anyway: a step forward costs nothing more.
    const isLate = end !== null && end < readEnd && wanted > end;
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
