/** Finds the beeps of one pitch in a mix of several. */

/** Tones 200 Hz apart do not see each other in windows of 5 ms. */
const WINDOW = 240;
/** Half of a beep of the test media: where its onset is in the middle of the window, and no other pitch reaches. */
const LEVEL = 3_700;
const QUIET_SAMPLES = 9_600;

/** Sliding loudness of one pitch (a multiple of 200 Hz). */
class ToneMeter {
  readonly #step: number;
  readonly #real = new Float64Array(WINDOW);
  readonly #imaginary = new Float64Array(WINDOW);
  #sumReal = 0;
  #sumImaginary = 0;
  #count = 0;

  constructor(hz: number) {
    this.#step = (2 * Math.PI * hz) / 48_000;
  }

  push(sample: number): number {
    const slot = this.#count % WINDOW;
    const real = sample * Math.cos(this.#step * this.#count);
    const imaginary = sample * Math.sin(this.#step * this.#count);
    this.#sumReal += real - (this.#real[slot] ?? 0);
    this.#sumImaginary += imaginary - (this.#imaginary[slot] ?? 0);
    this.#real[slot] = real;
    this.#imaginary[slot] = imaginary;
    this.#count++;
    return Math.hypot(this.#sumReal, this.#sumImaginary) / WINDOW;
  }
}

/** Program times (ms from zero) at which a beep of one pitch begins. Blocks follow each other without a hole. */
export function toneTimes(sound: readonly { readonly samples: Int16Array }[], hz: number): number[] {
  const times: number[] = [];
  const meter = new ToneMeter(hz);
  let quiet = 0;
  let n = 0;
  for (const { samples } of sound) {
    for (const sample of samples) {
      const isLoud = meter.push(sample) > LEVEL;
      if (isLoud && quiet > QUIET_SAMPLES) times.push((n - WINDOW / 2) / 48);
      quiet = isLoud ? 0 : quiet + 1;
      n++;
    }
  }
  return times;
}
