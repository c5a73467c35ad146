/** Runs a program engine on a virtual clock: arrivals and ticks in time order, no waiting. Records what comes out. */
import type { ProgramFormat } from "../../contract.ts";
import type { Rect } from "../picture/scene.ts";
import { ProgramEngine } from "../program/program-engine.ts";
import { FlvSource } from "../source/flv-source.ts";
import type { SourceEvent } from "../source/source.ts";
import type { Arrival } from "./arrivals.ts";
import { type BarCode, readBarCode } from "./bar-code.ts";

export interface RecordedPicture {
  readonly index: number;
  readonly code: BarCode | null;
  readonly meanLuma: number;
  /** Codes in the watched areas, in their order. */
  readonly tiles: readonly (BarCode | null)[];
}

export class VirtualProgram {
  readonly format: ProgramFormat;
  readonly engine: ProgramEngine;
  readonly pictures: RecordedPicture[] = [];
  /** Left channel by sample from the program's zero. */
  readonly sound: { readonly index: number; readonly samples: Int16Array }[] = [];
  readonly thumbnails: Buffer[] = [];
  /** Program events as text, with the time. */
  readonly events: { readonly atMs: number; readonly text: string }[] = [];
  readonly #watch: readonly Rect[];
  #nowMs: number;
  readonly #agenda: { readonly atMs: number; readonly act: () => void }[] = [];

  constructor(options: {
    readonly format: ProgramFormat;
    readonly zeroMs?: number;
    /** Areas read besides the whole picture. */
    readonly watch?: readonly Rect[];
  }) {
    const { format, zeroMs = 100_000, watch = [] } = options;
    this.format = format;
    this.#watch = watch;
    this.#nowMs = zeroMs;
    this.engine = new ProgramEngine({
      format,
      zeroMs,
      nowMs: () => this.#nowMs,
      output: {
        picture: (index, { bytes }) => this.pictures.push(this.#read(index, bytes)),
        sound: (index, data) => this.sound.push({ index, samples: leftChannel(data) }),
        thumbnail: (_index, data) => this.thumbnails.push(data),
      },
      onAir: (sourceId) => this.note(`on air: ${sourceId}`),
      onLost: (sourceId, reason) => this.note(`lost: ${sourceId}: ${reason}`),
    });
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  note(text: string): void {
    this.events.push({ atMs: this.#nowMs, text });
  }

  /** A source whose events are noted. */
  source(sourceId: string, options: { readonly fpsHint: number }): FlvSource {
    const onEvent = (event: SourceEvent): void => this.note(`${sourceId}: ${JSON.stringify(event)}`);
    return new FlvSource({ sourceId, fpsHint: options.fpsHint, onEvent });
  }

  /** Does something at a time. */
  at(atMs: number, act: () => void): void {
    this.#agenda.push({ atMs, act });
  }

  /** Lets tags arrive at a source. */
  deliver(source: FlvSource, arrivals: readonly Arrival[]): void {
    for (const { atMs, tag } of arrivals) {
      this.at(atMs, () => {
        source.pushTag(tag, this.#nowMs);
        source.pump({ nowMs: () => this.#nowMs, budgetMs: 1 });
      });
    }
  }

  /** Runs until the virtual time is `untilMs`. */
  run(untilMs: number): void {
    this.#agenda.sort((a, b) => a.atMs - b.atMs);
    for (;;) {
      const tickMs = this.engine.nextDueMs;
      const next = this.#agenda[0];
      const nextMs = Math.min(tickMs, next?.atMs ?? Number.POSITIVE_INFINITY);
      if (nextMs > untilMs) break;
      this.#nowMs = Math.max(this.#nowMs, nextMs);
      if (next && next.atMs <= tickMs) {
        this.#agenda.shift();
        next.act();
      } else this.engine.advance();
    }
    this.#nowMs = untilMs;
  }

  #read(index: number, bytes: Buffer): RecordedPicture {
    const { width, height } = this.format;
    const luma = bytes.subarray(0, width * height);
    let sum = 0;
    for (let i = 0; i < luma.length; i += 97) sum += luma[i] ?? 0;
    const read = (area: Rect): BarCode | null => readBarCode(luma, { stride: width, area });
    return {
      index,
      code: read({ x: 0, y: 0, width, height }),
      meanLuma: sum / Math.ceil(luma.length / 97),
      tiles: this.#watch.map(read),
    };
  }
}

function leftChannel(data: Buffer): Int16Array {
  const samples = new Int16Array(data.length / 4);
  for (let i = 0; i < samples.length; i++) samples[i] = data.readInt16LE(i * 4);
  return samples;
}
