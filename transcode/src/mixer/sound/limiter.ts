/**
 * Look-ahead limiter: the gain is the least one needed within 5 ms ahead, smoothed by a box average of the same
 * length, so it reaches every peak in time and never overshoots. Delays the sound by {@link LOOK_AHEAD_SAMPLES}.
 */

/** 5 ms at 48 kHz. */
export const LOOK_AHEAD_SAMPLES = 240;
export const CEILING = 0.89;
/** Gain comes back by this factor per sample: about 0.2 s for half the way. */
const RELEASE = 7e-5;

export class Limiter {
  readonly #left = new Float32Array(LOOK_AHEAD_SAMPLES);
  readonly #right = new Float32Array(LOOK_AHEAD_SAMPLES);
  readonly #box = new Float64Array(LOOK_AHEAD_SAMPLES).fill(1);
  #boxSum = LOOK_AHEAD_SAMPLES;
  /** Sliding minimum: positions and gains, ascending in gain, in a ring. */
  readonly #minAt = new Float64Array(LOOK_AHEAD_SAMPLES + 1);
  readonly #minGain = new Float64Array(LOOK_AHEAD_SAMPLES + 1);
  #minHead = 0;
  #minCount = 0;
  #position = 0;
  #held = 1;

  /** Limits in place. */
  process(left: Float32Array, right: Float32Array): void {
    for (let i = 0; i < left.length; i++) {
      const l = left[i] ?? 0;
      const r = right[i] ?? 0;
      const gain = this.#gainFor(Math.max(Math.abs(l), Math.abs(r)));
      const slot = this.#position % LOOK_AHEAD_SAMPLES;
      left[i] = (this.#left[slot] ?? 0) * gain;
      right[i] = (this.#right[slot] ?? 0) * gain;
      this.#left[slot] = l;
      this.#right[slot] = r;
      this.#position++;
    }
  }

  #gainFor(peak: number): number {
    const needed = peak > CEILING ? CEILING / peak : 1;
    const least = this.#slidingMinimum(needed);
    // Down at once (the box smooths it), up slowly.
    this.#held = least < this.#held ? least : this.#held + (least - this.#held) * RELEASE;
    const slot = this.#position % LOOK_AHEAD_SAMPLES;
    this.#boxSum += this.#held - (this.#box[slot] ?? 1);
    this.#box[slot] = this.#held;
    return Math.min(1, this.#boxSum / LOOK_AHEAD_SAMPLES);
  }

  #slidingMinimum(needed: number): number {
    const size = LOOK_AHEAD_SAMPLES + 1;
    while (this.#minCount > 0 && (this.#minGain[(this.#minHead + this.#minCount - 1) % size] ?? 0) >= needed)
      this.#minCount--;
    const tail = (this.#minHead + this.#minCount) % size;
    this.#minAt[tail] = this.#position;
    this.#minGain[tail] = needed;
    this.#minCount++;
    if ((this.#minAt[this.#minHead] ?? 0) <= this.#position - size) {
      this.#minHead = (this.#minHead + 1) % size;
      this.#minCount--;
    }
    return this.#minGain[this.#minHead] ?? 1;
  }
}
