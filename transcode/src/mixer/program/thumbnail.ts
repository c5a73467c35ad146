/** Small JPEG pictures of the program for the lobby. */
import type { ProgramFormat } from "../../contract.ts";
import { paddedPlanes, Scaler, YUVJ420P } from "../av/scaler.ts";
import { JpegEncoder } from "../av/still-images.ts";
import { type Planes, YUV420P } from "../av/video-decoder.ts";
import { copyRows } from "../picture/program-pictures.ts";

const LONG_SIDE = 320;
const MAX_BYTES = 30_000;
/** Tried in order until the file is small enough. */
const QUALITIES = [4, 8, 14, 24] as const;

export class ThumbnailMaker {
  readonly #width: number;
  readonly #height: number;
  readonly #scaler: Scaler;
  readonly #scaled: Planes;
  readonly #encoders = new Map<number, JpegEncoder>();

  constructor(format: ProgramFormat) {
    const scale = LONG_SIDE / Math.max(format.width, format.height);
    this.#width = Math.round((format.width * scale) / 2) * 2;
    this.#height = Math.round((format.height * scale) / 2) * 2;
    this.#scaled = paddedPlanes(this.#width, this.#height);
    this.#scaler = new Scaler({
      from: { ...format, pixelFormat: YUV420P },
      to: { width: this.#width, height: this.#height, pixelFormat: YUVJ420P },
    });
  }

  /** A JPEG of at most 30 kB, or null when the encoder fails. */
  make(picture: Planes): Buffer | null {
    this.#scaler.scale(picture, this.#scaled);
    const pixels = this.#pack();
    for (const quality of QUALITIES) {
      const file = this.#encoderOf(quality).encode(pixels);
      if (!file || file.length <= MAX_BYTES) return file;
    }
    return null;
  }

  close(): void {
    this.#scaler.close();
    for (const encoder of this.#encoders.values()) encoder.close();
    this.#encoders.clear();
  }

  #encoderOf(quality: number): JpegEncoder {
    let encoder = this.#encoders.get(quality);
    if (!encoder) {
      encoder = new JpegEncoder({ width: this.#width, height: this.#height, quality });
      this.#encoders.set(quality, encoder);
    }
    return encoder;
  }

  #pack(): Buffer {
    const luma = this.#width * this.#height;
    const pixels = Buffer.alloc((luma * 3) / 2);
    let offset = 0;
    for (let plane = 0; plane < 3; plane++) {
      const data = this.#scaled.data[plane];
      const bytes = plane === 0 ? this.#width : this.#width / 2;
      const rows = plane === 0 ? this.#height : this.#height / 2;
      if (data) {
        copyRows(
          { data, stride: this.#scaled.strides[plane] ?? 0, offset: 0 },
          { data: pixels, stride: bytes, offset },
          { bytes, rows },
        );
      }
      offset += bytes * rows;
    }
    return pixels;
  }
}
