/** The program's sound as Opus while somebody wants it: the mix, and one source alone. */
import { OpusEncoder } from "../av/opus-encoder.ts";

export interface OpusSoundsOutput {
  opus(track: "mix" | "solo", sample: number, data: Buffer): void;
}

export class OpusSounds {
  readonly #output: OpusSoundsOutput;
  readonly #mix = new OpusEncoder();
  readonly #solo = new OpusEncoder();

  /** Throws AvError. */
  constructor(output: OpusSoundsOutput) {
    this.#output = output;
  }

  /** Takes the blocks that begin at program sample `from`; `solo` is null when there is no such source. */
  push(from: number, blocks: { readonly mix: Buffer; readonly solo: Buffer | null }): void {
    this.#mix.push(from, blocks.mix, (sample, data) => this.#output.opus("mix", sample, data));
    if (blocks.solo) this.#solo.push(from, blocks.solo, (sample, data) => this.#output.opus("solo", sample, data));
  }

  close(): void {
    this.#mix.close();
    this.#solo.close();
  }
}
