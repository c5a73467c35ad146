/**
 * Stereo samples by absolute position, written by one source and read by the bus. Reading never clicks: sound
 * fades out over 2 ms before a hole or the end of what is written, and in over 5 ms after it.
 */

export const FADE_OUT_SAMPLES = 96;
export const FADE_IN_SAMPLES = 240;
/** 2.7 s; what is older is overwritten. */
export const RING_SAMPLES = 131_072;
const MASK = RING_SAMPLES - 1;
/** Holes remembered; older ones are behind the reader by then. */
const MAX_HOLES = 16;

export class SampleRing {
  readonly #left = new Float32Array(RING_SAMPLES);
  readonly #right = new Float32Array(RING_SAMPLES);
  #end: number | null = null;
  #readEnd = Number.NEGATIVE_INFINITY;
  #holes: { from: number; to: number }[] = [];
  #envelope = 0;
  #underruns = 0;

  /** Position after the newest sample; null before the first write. */
  get end(): number | null {
    return this.#end;
  }

  /** Position up to which the bus has read. */
  get readEnd(): number {
    return this.#readEnd;
  }

  /** Times the reader met the end while sound was playing. */
  get underruns(): number {
    return this.#underruns;
  }

  /** Moves the write position: forward leaves a hole, backward overwrites what is not read yet. */
  moveTo(position: number): void {
    if (this.#end === null) {
      this.#holes.push({ from: Number.NEGATIVE_INFINITY, to: position });
      this.#end = position;
      return;
    }
    if (position === this.#end) return;
    // What follows is written again, over holes too.
    if (position < this.#end) {
      this.#holes = this.#holes
        .filter((hole) => hole.from < position)
        .map((hole) => ({ from: hole.from, to: Math.min(hole.to, position) }));
    }
    const from = Math.max(Math.min(this.#end, position), position - RING_SAMPLES);
    for (let n = from; n < position; n++) {
      this.#left[n & MASK] = 0;
      this.#right[n & MASK] = 0;
    }
    this.#holes.push({ from, to: position });
    if (this.#holes.length > MAX_HOLES) this.#holes.shift();
    this.#end = position;
  }

  /** Appends the first `count` samples. */
  write(left: Float32Array, right: Float32Array, count: number): void {
    let at = this.#end ?? 0;
    for (let i = 0; i < count; i++, at++) {
      this.#left[at & MASK] = left[i] ?? 0;
      this.#right[at & MASK] = right[i] ?? 0;
    }
    this.#end = at;
  }

  /** The newest `count` samples of both channels; what was never written is silence. */
  newest(count: number): { readonly left: Float32Array; readonly right: Float32Array } {
    const from = (this.#end ?? 0) - count;
    const left = new Float32Array(count);
    const right = new Float32Array(count);
    for (let i = 0; i < count; i++) {
      left[i] = this.#left[(from + i) & MASK] ?? 0;
      right[i] = this.#right[(from + i) & MASK] ?? 0;
    }
    return { left, right };
  }

  /** Fills `left` and `right` from absolute position `from`. True when anything but silence was there. */
  read(from: number, left: Float32Array, right: Float32Array): boolean {
    const count = left.length;
    const to = from + count;
    const end = this.#end ?? Number.NEGATIVE_INFINITY;
    this.#readEnd = Math.max(this.#readEnd, to);
    this.#holes = this.#holes.filter((hole) => hole.to + FADE_IN_SAMPLES > from);
    const clean = this.#envelope === 1 && to + FADE_OUT_SAMPLES <= end && this.#holes.length === 0;
    if (clean) return this.#copy(from, left, right);
    return this.#fade(from, left, right);
  }

  #copy(from: number, left: Float32Array, right: Float32Array): boolean {
    for (let i = 0; i < left.length; i++) {
      left[i] = this.#left[(from + i) & MASK] ?? 0;
      right[i] = this.#right[(from + i) & MASK] ?? 0;
    }
    return true;
  }

  #fade(from: number, left: Float32Array, right: Float32Array): boolean {
    const end = this.#end ?? Number.NEGATIVE_INFINITY;
    let heard = false;
    for (let i = 0; i < left.length; i++) {
      const n = from + i;
      const ahead = n + FADE_OUT_SAMPLES;
      const present = ahead < end && n >= end - RING_SAMPLES && !this.#inHole(n, ahead);
      if (present) this.#envelope = Math.min(1, this.#envelope + 1 / FADE_IN_SAMPLES);
      else if (this.#envelope > 0) this.#fall(ahead >= end);
      if (this.#envelope > 0) heard = true;
      left[i] = (this.#left[n & MASK] ?? 0) * this.#envelope;
      right[i] = (this.#right[n & MASK] ?? 0) * this.#envelope;
    }
    return heard;
  }

  #fall(atEnd: boolean): void {
    this.#envelope -= 1 / FADE_OUT_SAMPLES;
    if (this.#envelope > 1e-6) return;
    this.#envelope = 0;
    if (atEnd) this.#underruns++;
  }

  #inHole(n: number, ahead: number): boolean {
    // A backward move has no width, but its seam is faded like a hole.
    return this.#holes.some((hole) => ahead >= hole.from && n < Math.max(hole.to, hole.from + 1));
  }
}
