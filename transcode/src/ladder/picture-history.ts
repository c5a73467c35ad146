/** The newest raw pictures and sound of a program, so that a new encoder takes up where the last one ended. */
import type { PicturePool } from "../bus/picture-pool.ts";

/** Pictures older than this are forgotten. */
const HISTORY_MS = 1_500;
/** Bytes of pictures kept at most, whatever their age. */
const MAX_PICTURE_BYTES = 160 * 1024 * 1024;
/** Sound is small: kept longer, so that the new encoder's priming never lacks it. */
const SOUND_HISTORY_MS = 4_000;

export class PictureHistory {
  readonly #fps: number;
  readonly #pictures: { readonly index: number; readonly data: Buffer }[] = [];
  readonly #sounds: { readonly index: number; readonly data: Buffer }[] = [];
  readonly #maxPictures: number;
  readonly #maxSounds: number;
  readonly #pool: PicturePool;

  constructor(options: { readonly fps: number; readonly pictureBytes: number; readonly pool: PicturePool }) {
    this.#pool = options.pool;
    this.#fps = options.fps;
    const byTime = Math.ceil((HISTORY_MS * options.fps) / 1_000);
    this.#maxPictures = Math.max(4, Math.min(byTime, Math.floor(MAX_PICTURE_BYTES / options.pictureBytes)));
    this.#maxSounds = Math.ceil((SOUND_HISTORY_MS * options.fps) / 1_000);
  }

  /** Index of the oldest picture kept; 0 when there is none. */
  get oldest(): number {
    return this.#pictures[0]?.index ?? 0;
  }

  addPicture(index: number, data: Buffer): void {
    this.#pool.hold(data);
    this.#pictures.push({ index, data });
    if (this.#pictures.length <= this.#maxPictures) return;
    const oldest = this.#pictures.shift();
    if (oldest) this.#pool.release(oldest.data);
  }

  addSound(index: number, data: Buffer): void {
    this.#sounds.push({ index, data });
    if (this.#sounds.length > this.#maxSounds) this.#sounds.shift();
  }

  /** Every picture from `index` on; those forgotten are stood in for by the oldest one kept. */
  *picturesFrom(index: number): Generator<{ readonly index: number; readonly data: Buffer }> {
    const oldest = this.#pictures[0];
    if (!oldest) return;
    // A hole longer than the history itself is not worth re-encoding picture by picture.
    for (let missing = Math.max(index, oldest.index - this.#fps * 10); missing < oldest.index; missing++) {
      yield { index: missing, data: oldest.data };
    }
    yield* this.#pictures.filter((picture) => picture.index >= index);
  }

  /** Sound blocks from the one that holds `sample` on. */
  soundsFrom(sample: number): readonly { readonly index: number; readonly data: Buffer }[] {
    const samples = 48_000 / this.#fps;
    return this.#sounds.filter((sound) => (sound.index + 1) * samples > sample);
  }
}
