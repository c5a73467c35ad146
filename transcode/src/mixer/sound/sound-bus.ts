/** Sums the sources' sound into the program's, with gain ramps and a limiter. Time is absolute samples. */
import { Limiter, LOOK_AHEAD_SAMPLES } from "./limiter.ts";

/** 10 ms: mute and volume changes without a click. */
export const GAIN_RAMP_SAMPLES = 480;

/** What the bus needs of a source. */
export interface SoundInput {
  readonly sourceId: string;
  /** Fills both channels from absolute sample `from` of our 48 kHz clock. True unless silent. */
  readSound(from: number, left: Float32Array, right: Float32Array): boolean;
}

/** A source's wanted loudness; `rampSamples` is the time from silence to full. */
export interface SoundLevel {
  readonly input: SoundInput;
  readonly gain: number;
  readonly rampSamples?: number;
}

export class SoundBus {
  readonly #limiter = new Limiter();
  readonly #gains = new Map<SoundInput, number>();
  readonly #loudness = new Map<SoundInput, number>();
  readonly #mixLeft: Float32Array;
  readonly #mixRight: Float32Array;
  readonly #left: Float32Array;
  readonly #right: Float32Array;
  readonly #soloLeft: Float32Array;
  readonly #soloRight: Float32Array;
  #soloId: string | null = null;

  constructor(options: { readonly blockSamples: number }) {
    this.#mixLeft = new Float32Array(options.blockSamples);
    this.#mixRight = new Float32Array(options.blockSamples);
    this.#left = new Float32Array(options.blockSamples);
    this.#right = new Float32Array(options.blockSamples);
    this.#soloLeft = new Float32Array(options.blockSamples);
    this.#soloRight = new Float32Array(options.blockSamples);
  }

  /** Keeps this source's part of each block apart as well; null: nobody's. */
  keepSolo(sourceId: string | null): void {
    this.#soloId = sourceId;
  }

  /** What the source kept apart gave to the last block, as s16le stereo; silence when it gave nothing. */
  solo(): Buffer {
    return toS16(this.#soloLeft, this.#soloRight);
  }

  /**
   * The block of samples that starts at `from`, as s16le stereo. Inputs are read 5 ms ahead to make up for the
   * limiter's delay.
   */
  mix(from: number, levels: readonly SoundLevel[]): Buffer {
    this.#mixLeft.fill(0);
    this.#mixRight.fill(0);
    this.#soloLeft.fill(0);
    this.#soloRight.fill(0);
    for (const level of levels) this.#add(from + LOOK_AHEAD_SAMPLES, level);
    this.#forgetAbsent(levels);
    this.#limiter.process(this.#mixLeft, this.#mixRight);
    return toS16(this.#mixLeft, this.#mixRight);
  }

  /** Loudness (root mean square) of an input in the last block, as it is heard; 0 when it is not. */
  loudnessOf(input: SoundInput): number {
    return this.#loudness.get(input) ?? 0;
  }

  #add(from: number, level: SoundLevel): void {
    const { input, rampSamples = GAIN_RAMP_SAMPLES } = level;
    let gain = this.#gains.get(input) ?? 0;
    const heard = input.readSound(from, this.#left, this.#right);
    const step = 1 / rampSamples;
    for (let i = 0; i < this.#left.length; i++) {
      if (gain !== level.gain) gain += Math.max(-step, Math.min(step, level.gain - gain));
      if (!heard) continue;
      const left = (this.#left[i] ?? 0) * gain;
      const right = (this.#right[i] ?? 0) * gain;
      this.#left[i] = left;
      this.#right[i] = right;
      this.#mixLeft[i] = (this.#mixLeft[i] ?? 0) + left;
      this.#mixRight[i] = (this.#mixRight[i] ?? 0) + right;
    }
    this.#gains.set(input, gain);
    this.#loudness.set(input, heard ? rootMeanSquare(this.#left) : 0);
    if (heard) this.#takeSolo(input);
  }

  #takeSolo({ sourceId }: SoundInput): void {
    if (sourceId !== this.#soloId) return;
    this.#soloLeft.set(this.#left);
    this.#soloRight.set(this.#right);
  }

  #forgetAbsent(levels: readonly SoundLevel[]): void {
    for (const input of this.#gains.keys()) {
      if (levels.some((level) => level.input === input)) continue;
      this.#gains.delete(input);
      this.#loudness.delete(input);
    }
  }
}

/** Of every fourth sample. */
function rootMeanSquare(samples: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < samples.length; i += 4) sum += (samples[i] ?? 0) ** 2;
  return Math.sqrt((sum * 4) / samples.length);
}

function toS16(left: Float32Array, right: Float32Array): Buffer {
  const samples = new Int16Array(left.length * 2);
  for (let i = 0; i < left.length; i++) {
    samples[i * 2] = clip((left[i] ?? 0) * 32_767);
    samples[i * 2 + 1] = clip((right[i] ?? 0) * 32_767);
  }
  return Buffer.from(samples.buffer);
}

const clip = (value: number): number => Math.max(-32_768, Math.min(32_767, Math.round(value)));
