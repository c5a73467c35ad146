/** Runs a program engine on a virtual clock: arrivals and ticks in time order, no waiting. Records what comes out. */
import type { ProgramFormat } from "../../contract.ts";
import type { LayoutDocument } from "../../layout/document.ts";
import type { Rect } from "../picture/scene.ts";
import { ProgramEngine } from "../program/program-engine.ts";
import { FlvSource } from "../source/flv-source.ts";
import { RtpSource } from "../source/rtp/rtp-source.ts";
import type { SourceEvent } from "../source/source.ts";
import type { Arrival } from "./arrivals.ts";
import { type BarCode, readBarCode } from "./bar-code.ts";
import { paintHere } from "./paint-here.ts";
import type { FrameArrival } from "./rtp-network.ts";

export interface RecordedPicture {
  readonly index: number;
  readonly code: BarCode | null;
  readonly meanLuma: number;
  /** Codes in the watched areas, in their order. */
  readonly tiles: readonly (BarCode | null)[];
}

/** Of a source's media, as where the operator says nothing. */
export const LEAST_DELAY_MS = 15;

/** Something to be done at a time. */
interface Due {
  readonly atMs: number;
  readonly act: () => void;
}

export class VirtualProgram {
  readonly format: ProgramFormat;
  readonly engine: ProgramEngine;
  readonly pictures: RecordedPicture[] = [];
  /** Left channel by sample from the program's zero. */
  readonly sound: { readonly index: number; readonly samples: Int16Array }[] = [];
  readonly thumbnails: Buffer[] = [];
  /** Layouts in the order they came into the program. */
  readonly layouts: LayoutDocument[] = [];
  /** Program events as text, with the time. */
  readonly events: { readonly atMs: number; readonly text: string }[] = [];
  readonly #watch: readonly Rect[];
  #nowMs: number;
  readonly #agenda: Due[] = [];
  readonly #streams: { next: Due | undefined; readonly rest: Iterator<Due> }[] = [];

  constructor(options: {
    readonly format: ProgramFormat;
    readonly zeroMs?: number;
    readonly holdMs?: number;
    /** Areas read besides the whole picture. */
    readonly watch?: readonly Rect[];
  }) {
    const { format, zeroMs = 100_000, holdMs = 0, watch = [] } = options;
    this.format = format;
    this.#watch = watch;
    this.#nowMs = zeroMs;
    this.engine = new ProgramEngine({
      format,
      zeroMs,
      holdMs,
      painter: paintHere,
      onLayout: (_index, layout) => this.layouts.push(layout),
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
  source(
    sourceId: string,
    options: {
      readonly fpsHint: number;
      readonly minDelayMs?: number;
    },
  ): FlvSource {
    const onEvent = (event: SourceEvent): void => this.note(`${sourceId}: ${JSON.stringify(event)}`);
    return new FlvSource({ sourceId, minDelayMs: LEAST_DELAY_MS, ...options, onEvent });
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

  /** A WebRTC publisher's source, whose events are noted. */
  rtpSource(sourceId: string): RtpSource {
    const onEvent = (event: SourceEvent): void => this.note(`${sourceId}: ${JSON.stringify(event)}`);
    return new RtpSource({ sourceId, onEvent, onKeyframeNeeded: () => {} });
  }

  /** Lets frames arrive at a source, in the order of their times, as they are asked for. */
  receive(source: RtpSource, arrivals: Iterable<FrameArrival>): void {
    const due = function* (this: VirtualProgram): Iterator<Due> {
      for (const { atMs, frame } of arrivals) {
        yield {
          atMs,
          act: () => {
            source.pushFrame(frame, this.#nowMs);
            source.pump({ nowMs: () => this.#nowMs, budgetMs: 1 });
          },
        };
      }
    };
    const rest = due.call(this);
    this.#streams.push({ rest, next: rest.next().value });
  }

  /** Runs until the virtual time is `untilMs`. */
  run(untilMs: number): void {
    this.#agenda.sort((a, b) => a.atMs - b.atMs);
    for (;;) {
      const tickMs = this.engine.nextDueMs;
      const next = this.#nextDue();
      const nextMs = Math.min(tickMs, next?.atMs ?? Number.POSITIVE_INFINITY);
      if (nextMs > untilMs) break;
      this.#nowMs = Math.max(this.#nowMs, nextMs);
      if (next && next.atMs <= tickMs) this.#takeDue().act();
      else this.engine.advance();
    }
    this.#nowMs = untilMs;
  }

  #nextDue(): Due | undefined {
    let first = this.#agenda[0];
    for (const { next } of this.#streams) if (next && (!first || next.atMs < first.atMs)) first = next;
    return first;
  }

  #takeDue(): Due {
    const due = this.#nextDue();
    if (!due) throw new Error("nothing is due");
    const stream = this.#streams.find(({ next }) => next === due);
    if (stream) stream.next = stream.rest.next().value;
    else this.#agenda.shift();
    return due;
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
