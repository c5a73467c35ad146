/**
 * Makes parts: pictures and sound of the same time, in one fragment.
 *
 * Which sound goes into a part follows from time alone, so that all rungs cut alike: the access units that start
 * before the part's end and not before the previous part's. A part whose pictures are complete therefore waits for
 * its sound, which comes out of its encoder some tens of milliseconds later. Cutting the sound earlier by a constant
 * instead would gain nothing: a player can only play as far as both tracks reach, and hls.js maps the start of the
 * first fragment to whichever track starts first, so the playable edge moves back by the same constant, is late by
 * the difference whenever the constant is larger than the true delay, and program date-time is off by it.
 */

import { type PictureCut, PictureCutter, trimCut } from "./cut-pictures.ts";
import type { EncodedPicture } from "./encoded.ts";
import { type FragmentRun, writeFragment } from "./fragment.ts";
import { firstPictureOfPart, type Grid } from "./grid.ts";
import type { SoundShelf } from "./sound-shelf.ts";

/** One finished part of one rung. */
export interface PackedPart {
  readonly part: number;
  /** Pictures of time it covers. */
  readonly frames: number;
  readonly independent: boolean;
  readonly bytes: Buffer;
}

/** Complete parts that may wait for sound; policy: beyond this the oldest goes out with the sound that is there. */
const MAX_WAITING_PARTS = 6;

interface Packing {
  readonly grid: Grid;
  readonly sound: SoundShelf;
}

const soundStart = (grid: Grid, part: number): number => firstPictureOfPart(grid, part) * grid.samplesPerFrame;

function fragmentOf(
  packing: Packing,
  of: { readonly part: number; readonly video: FragmentRun | null; readonly audio: FragmentRun | null },
) {
  return writeFragment({
    sequence: of.part + 1,
    segmentStart: of.part % packing.grid.partsPerSegment === 0,
    video: of.video,
    audio: of.audio,
  });
}

/** Parts of a rung with pictures and sound. */
export class PicturePacker {
  readonly #packing: Packing;
  readonly #cutter: PictureCutter;
  #waiting: PictureCut[] = [];

  constructor(packing: Packing) {
    this.#packing = packing;
    this.#cutter = new PictureCutter(packing.grid);
  }

  get dropped(): number {
    return this.#cutter.dropped;
  }

  push(picture: EncodedPicture): void {
    this.#waiting.push(...this.#cutter.push(picture));
  }

  /** The parts that are complete now. `soundLost`: do not wait for sound. */
  take(soundLost: boolean): PackedPart[] {
    const { grid, sound } = this.#packing;
    const parts: PackedPart[] = [];
    for (let cut = this.#waiting[0]; cut; cut = this.#waiting[0]) {
      const covered = sound.end >= soundStart(grid, cut.part) + cut.frames * grid.samplesPerFrame;
      if (!covered && !soundLost && this.#waiting.length <= MAX_WAITING_PARTS) break;
      this.#waiting.shift();
      parts.push(this.#pack(cut));
    }
    return parts;
  }

  /** Everything that is left before `endIndex`, the last part cut short. */
  flush(endIndex: number): PackedPart[] {
    const last = this.#cutter.flush();
    if (last) this.#waiting.push(last);
    this.#waiting = this.#waiting.flatMap((cut) => trimCut(this.#packing.grid, cut, endIndex) ?? []);
    return this.take(true);
  }

  #pack(cut: PictureCut): PackedPart {
    const { grid, sound } = this.#packing;
    const start = soundStart(grid, cut.part);
    const bytes = fragmentOf(this.#packing, {
      part: cut.part,
      video: { start: firstPictureOfPart(grid, cut.part) * grid.ticksPerFrame, samples: cut.samples },
      audio: sound.cut(start, start + cut.frames * grid.samplesPerFrame),
    });
    return { part: cut.part, frames: cut.frames, independent: cut.independent, bytes };
  }
}

/** Parts of the audio-only rung. */
export class SoundPacker {
  readonly #packing: Packing;
  #next: number;

  constructor(packing: Packing & { readonly firstPart: number }) {
    this.#packing = packing;
    this.#next = packing.firstPart;
  }

  /** Goes on at `part`; what lies before it is given up. */
  skipTo(part: number): void {
    this.#next = Math.max(this.#next, part);
  }

  /** The parts that are complete now; when sound is lost, those up to the pictures' head go out with what is there. */
  take(options: { readonly soundLost: boolean; readonly headPart: number }): PackedPart[] {
    const { grid, sound } = this.#packing;
    const parts: PackedPart[] = [];
    for (;;) {
      const covered = sound.end >= soundStart(grid, this.#next + 1);
      const given = options.soundLost && this.#next <= options.headPart;
      if (!covered && !given) return parts;
      const packed = this.#pack(this.#next, grid.partFrames);
      this.#next++;
      if (packed) parts.push(packed);
    }
  }

  /** The last part, cut short where the pictures end (`endIndex` is the index after the last). */
  flush(endIndex: number): PackedPart[] {
    const { grid } = this.#packing;
    const parts = this.take({ soundLost: true, headPart: Math.floor(endIndex / grid.partFrames) - 1 });
    const frames = endIndex - firstPictureOfPart(grid, this.#next);
    if (frames <= 0) return parts;
    const last = this.#pack(this.#next, frames);
    this.#next++;
    return last ? [...parts, last] : parts;
  }

  #pack(part: number, frames: number): PackedPart | null {
    const { grid, sound } = this.#packing;
    const start = soundStart(grid, part);
    const audio = sound.cut(start, start + frames * grid.samplesPerFrame);
    if (!audio) return null;
    return { part, frames, independent: true, bytes: fragmentOf(this.#packing, { part, video: null, audio }) };
  }
}
