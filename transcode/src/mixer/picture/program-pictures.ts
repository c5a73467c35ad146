/** Reusable program pictures (yuv420p without padding), counted by their holders. */
import { pictureBytes } from "../../bus/frames.ts";
import type { ProgramFormat } from "../../contract.ts";
import type { Planes } from "../av/video-decoder.ts";

/** One program picture. Taken with one holder; free again when each holder has released it. */
export interface ProgramPicture extends Planes {
  /** All planes in a row: Y, U, V. */
  readonly bytes: Buffer;
  retain(): void;
  release(): void;
}

/** Bound: {@link take} gives null when all pictures are held. */
export class ProgramPictures {
  readonly #format: ProgramFormat;
  readonly #most: number;
  readonly #free: PooledPicture[] = [];
  #made = 0;

  constructor(format: ProgramFormat, options: { readonly most: number }) {
    this.#format = format;
    this.#most = options.most;
  }

  /** A picture with old content, or null when all are held. */
  take(): ProgramPicture | null {
    let picture = this.#free.pop();
    if (!picture) {
      if (this.#made >= this.#most) return null;
      this.#made++;
      picture = new PooledPicture(this.#format, (freed) => this.#free.push(freed));
    }
    picture.retain();
    return picture;
  }

  get format(): ProgramFormat {
    return this.#format;
  }
}

class PooledPicture implements ProgramPicture {
  readonly bytes: Buffer;
  readonly data: readonly Buffer[];
  readonly strides: readonly number[];
  readonly #onFree: (picture: PooledPicture) => void;
  #holders = 0;

  constructor(format: ProgramFormat, onFree: (picture: PooledPicture) => void) {
    const { width, height } = format;
    this.#onFree = onFree;
    this.bytes = Buffer.alloc(pictureBytes(format));
    const luma = width * height;
    const chroma = luma / 4;
    this.data = [
      this.bytes.subarray(0, luma),
      this.bytes.subarray(luma, luma + chroma),
      this.bytes.subarray(luma + chroma),
    ];
    this.strides = [width, width / 2, width / 2];
  }

  retain(): void {
    this.#holders++;
  }

  release(): void {
    if (--this.#holders === 0) this.#onFree(this);
  }
}

/** Fills a picture with one limited-range colour. */
export function fillPicture(picture: Planes, [y, u, v]: readonly [number, number, number]): void {
  picture.data[0]?.fill(y);
  picture.data[1]?.fill(u);
  picture.data[2]?.fill(v);
}

/** Copies rows between planes of the same size with different strides. */
export function copyRows(
  from: { readonly data: Buffer; readonly stride: number; readonly offset: number },
  to: { readonly data: Buffer; readonly stride: number; readonly offset: number },
  size: { readonly bytes: number; readonly rows: number },
): void {
  const { bytes, rows } = size;
  if (from.stride === bytes && to.stride === bytes) {
    from.data.copy(to.data, to.offset, from.offset, from.offset + bytes * rows);
    return;
  }
  for (let row = 0, source = from.offset, target = to.offset; row < rows; row++) {
    from.data.copy(to.data, target, source, source + bytes);
    source += from.stride;
    target += to.stride;
  }
}
