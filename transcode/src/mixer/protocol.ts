/**
 * Between a room's pacer (parent) and its mixer (child process).
 * Parent to child, and small answers back: JSON over the child's IPC channel.
 * Media, child to parent: records on a Unix socket (see {@link RecordReader} and `media-socket.ts`).
 */
import type { ProgramFormat } from "../contract.ts";
import type { LayoutDocument } from "../layout/document.ts";
import type { Casting } from "./picture/director.ts";

/** Where a source's media come from; see `sourceUrl` and `sourceFormat` of ingest's publications. */
export interface SourceSpec {
  readonly sourceId: string;
  readonly url: string;
  readonly format: "flv" | "rtp";
  /** 0 when unknown. */
  readonly fpsHint: number;
}

/** Parent to mixer. */
export type MixerCommand =
  /**
   * The sources to be connected to from now on, all of them: new ones are connected, their first decoded picture is
   * answered by `source-format`; those no longer named are gone for good.
   */
  | { readonly kind: "sources"; readonly sources: readonly SourceSpec[] }
  /** What the program shows from its next picture on, moving there; loudness by source, 1 where none is named. */
  | {
      readonly kind: "stage";
      readonly layout: LayoutDocument;
      readonly cast: readonly Casting[];
      readonly gains: Readonly<Record<string, number>>;
    }
  /**
   * Compose from now on: picture k is due at `zeroMs + k * 1000 / fps` of CLOCK_MONOTONIC
   * (`systemClock.monotonicMs()`, the same in all processes of a machine). The first picture made is the first
   * due after the command; k never restarts. `holdMs`: no picture is made for up to this long while sources of the
   * stage have none, because the parent still shows what a mixer before this one made.
   */
  | { readonly kind: "start"; readonly format: ProgramFormat; readonly zeroMs: number; readonly holdMs?: number }
  /** Sound as Opus too, or no longer: the mix, and the source `solo` alone, if it is named and there. */
  | { readonly kind: "opus"; readonly wanted: boolean; readonly solo: string | null }
  | { readonly kind: "stop" };

/** Mixer to parent. */
export type MixerEvent =
  /** The media socket may be connected to; nothing else is answered before it is. */
  | { readonly kind: "listening" }
  | { readonly kind: "ready" }
  /** Once per source; one without pictures has width, height and fps 0. */
  | {
      readonly kind: "source-format";
      readonly sourceId: string;
      readonly width: number;
      readonly height: number;
      readonly fps: number;
      readonly hasAudio: boolean;
    }
  /** The source's picture is in the program (first time, or again after a loss). */
  | { readonly kind: "source-on-air"; readonly sourceId: string }
  /** "gone", "no picture", or why it can never be shown (then nothing more is read from it). */
  | { readonly kind: "source-lost"; readonly sourceId: string; readonly reason: string }
  /** A layout is in the program from this picture on. */
  | { readonly kind: "layout"; readonly index: number; readonly layout: LayoutDocument }
  | { readonly kind: "stats"; readonly stats: MixerStats };

/** Sent once a second. Counts are since `start`, the lateness is the worst since the last report. */
export interface MixerStats {
  readonly pictures: number;
  /** Pictures repeated because nothing newer was due. */
  readonly held: number;
  readonly tickLateMaxMs: number;
  readonly decodeErrors: number;
  readonly audioUnderruns: number;
  /** Largest playout delay of the sources now. */
  readonly playoutDelayMs: number;
  /** Source frame's arrival at the mixer to its picture leaving, newest. */
  readonly transitMs: number;
  /** Records dropped because the parent did not read fast enough. */
  readonly droppedRecords: number;
}

/** One media record: 1 byte kind, 4 bytes payload length (BE), 8 bytes index (BE), payload. */
export type MixerRecord =
  /** Picture `index`: yuv420p planes. */
  | { readonly kind: "video"; readonly index: number; readonly data: Buffer }
  /** Sound that belongs to picture `index`: samples [index, index+1) * 48000/fps, s16le stereo. */
  | { readonly kind: "audio"; readonly index: number; readonly data: Buffer }
  /** JPEG thumbnail made at picture `index`. */
  | { readonly kind: "thumbnail"; readonly index: number; readonly data: Buffer }
  /** One Opus packet of 20 ms; `index` is the program sample it begins at. */
  | { readonly kind: "mix-opus" | "solo-opus"; readonly index: number; readonly data: Buffer };

export const RECORD_HEADER_BYTES = 13;
const KINDS = { video: 0x56, audio: 0x41, thumbnail: 0x54, "mix-opus": 0x4d, "solo-opus": 0x53 } as const;
const KIND_BY_BYTE: Readonly<Record<number, MixerRecord["kind"]>> = {
  86: "video",
  65: "audio",
  84: "thumbnail",
  77: "mix-opus",
  83: "solo-opus",
};

/** Header of one record; the payload follows it on the wire. */
export function recordHeader(kind: MixerRecord["kind"], index: number, payloadBytes: number): Buffer {
  const header = Buffer.allocUnsafe(RECORD_HEADER_BYTES);
  header.writeUInt8(KINDS[kind], 0);
  header.writeUInt32BE(payloadBytes, 1);
  header.writeBigUInt64BE(BigInt(index), 5);
  return header;
}

/** The bytes on the media socket are not records: the mixer is broken and must be replaced. */
export class RecordError extends Error {
  override readonly name = "RecordError";
}

/** Reads records from chunks of any size; a payload is copied once, into a buffer of its own. */
export class RecordReader {
  readonly #maxPayloadBytes: number;
  readonly #pictureBuffer: (bytes: number) => Buffer;
  #header = Buffer.allocUnsafe(RECORD_HEADER_BYTES);
  #headerFilled = 0;
  #payload: Buffer | null = null;
  #payloadFilled = 0;

  /** `pictureBuffer`: where pictures are put; a new buffer each by default. */
  constructor(options: { readonly maxPayloadBytes: number; readonly pictureBuffer?: (bytes: number) => Buffer }) {
    this.#maxPayloadBytes = options.maxPayloadBytes;
    this.#pictureBuffer = options.pictureBuffer ?? Buffer.allocUnsafeSlow;
  }

  /** The records completed by `chunk`, in order. Throws {@link RecordError}. */
  push(chunk: Buffer): MixerRecord[] {
    const records: MixerRecord[] = [];
    let at = 0;
    while (at < chunk.length) {
      at += this.#payload ? this.#fillPayload(this.#payload, chunk, at) : this.#fillHeader(chunk, at);
      if (this.#payload && this.#payloadFilled === this.#payload.length) records.push(this.#take(this.#payload));
    }
    return records;
  }

  #fillPayload(payload: Buffer, chunk: Buffer, at: number): number {
    const copied = chunk.copy(payload, this.#payloadFilled, at);
    this.#payloadFilled += copied;
    return copied;
  }

  #fillHeader(chunk: Buffer, at: number): number {
    const copied = chunk.copy(this.#header, this.#headerFilled, at);
    this.#headerFilled += copied;
    if (this.#headerFilled < RECORD_HEADER_BYTES) return copied;
    const size = this.#header.readUInt32BE(1);
    if (size === 0 || size > this.#maxPayloadBytes) throw new RecordError(`record of ${size} bytes`);
    const isPicture = this.#header.readUInt8(0) === KINDS.video;
    this.#payload = isPicture ? this.#pictureBuffer(size) : Buffer.allocUnsafeSlow(size);
    this.#payloadFilled = 0;
    return copied;
  }

  #take(data: Buffer): MixerRecord {
    const kind = KIND_BY_BYTE[this.#header.readUInt8(0)];
    if (!kind) throw new RecordError(`record kind ${this.#header.readUInt8(0)}`);
    this.#payload = null;
    this.#headerFilled = 0;
    return { kind, index: Number(this.#header.readBigUInt64BE(5)), data };
  }
}
