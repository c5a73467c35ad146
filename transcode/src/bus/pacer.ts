/**
 * Owns the program's clock: hands on each picture and sound block exactly once, in order, and fills what the
 * mixer does not deliver in time with the last picture and silence. So the encoder never starves, whatever
 * happens to the mixer.
 */
import type { Clock } from "@lianmai/process";
import type { ProgramFormat } from "../contract.ts";
import type { MixerRecord } from "../mixer/protocol.ts";
import { BYTES_PER_SAMPLE_PAIR, pictureBytes, samplesPerFrame } from "./frames.ts";
import type { PicturePool } from "./picture-pool.ts";

/** Where the program goes: each index once, rising by one. */
export interface ProgramSink {
  picture(index: number, data: Buffer): void;
  /** Sound of picture `index`: s16le stereo. */
  sound(index: number, data: Buffer): void;
}

export interface PacerOptions {
  readonly format: ProgramFormat;
  /** Monotonic time at which picture 0 was due. */
  readonly zeroMs: number;
  /** First picture handed on. */
  readonly firstIndex: number;
  readonly sink: ProgramSink;
  readonly clock: Clock;
  /** Whose pictures are taken. */
  readonly pool: PicturePool;
}

/**
 * A picture is waited for this long past its due time, its sound one picture's time more. A mixer that was kept from
 * running for less makes up for it by itself (its MAX_BEHIND_MS is below this): viewers' buffers hold that, and nothing
 * is doubled or silent.
 */
const PATIENCE_MS = 200;
/** After a stall of our own, more than this is skipped in one step rather than filled. */
const MAX_FILL_MS = 10_000;

export class Pacer {
  readonly #options: PacerOptions;
  readonly #frameMs: number;
  readonly #silence: Buffer;
  #lastPicture: Buffer;
  #nextPicture: number;
  #nextSound: number;
  #filledPictures = 0;
  #filledSounds = 0;
  #late = 0;
  #timer: NodeJS.Timeout | null = null;
  #immediate: NodeJS.Immediate | undefined;

  constructor(options: PacerOptions) {
    this.#options = options;
    this.#frameMs = 1_000 / options.format.fps;
    this.#silence = Buffer.alloc(samplesPerFrame(options.format.fps) * BYTES_PER_SAMPLE_PAIR);
    this.#lastPicture = blackPicture(options.format);
    this.#nextPicture = options.firstIndex;
    this.#nextSound = options.firstIndex;
  }

  /** Pictures and sound blocks made up, and records that came after their place was filled. */
  get counts(): { readonly filledPictures: number; readonly filledSounds: number; readonly late: number } {
    return { filledPictures: this.#filledPictures, filledSounds: this.#filledSounds, late: this.#late };
  }

  get nextPicture(): number {
    return this.#nextPicture;
  }

  /** Fills on a timer until {@link stop}. */
  start(): void {
    this.#timer ??= setInterval(() => {
      // After a stall of our own timers run before sockets: the detour lets in first what the mixer has sent meanwhile.
      this.#immediate = setImmediate(() => this.fill());
    }, this.#frameMs / 2);
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
    clearImmediate(this.#immediate);
    this.#timer = null;
  }

  /** Takes a record of the mixer; thumbnails are not the pacer's. */
  take(record: MixerRecord): void {
    if (record.kind === "video") {
      if (record.index < this.#nextPicture) {
        this.#late++;
        return;
      }
      this.#fillPictures(record.index);
      this.#emitPicture(record.data);
    } else if (record.kind === "audio") {
      if (record.index < this.#nextSound) {
        this.#late++;
        return;
      }
      this.#fillSounds(record.index);
      this.#options.sink.sound(this.#nextSound++, record.data);
    }
  }

  /** Makes up everything whose time is over. */
  fill(): void {
    const { zeroMs, clock } = this.#options;
    const overdue = (clock.monotonicMs() - PATIENCE_MS - zeroMs) / this.#frameMs;
    this.#skipStall(Math.floor(overdue));
    this.#fillPictures(Math.floor(overdue) + 1);
    this.#fillSounds(Math.floor(overdue));
  }

  #skipStall(overdue: number): void {
    const most = Math.ceil(MAX_FILL_MS / this.#frameMs);
    if (overdue - this.#nextPicture <= most) return;
    this.#nextPicture = overdue;
    this.#nextSound = Math.max(this.#nextSound, overdue);
  }

  #fillPictures(end: number): void {
    while (this.#nextPicture < end) {
      this.#filledPictures++;
      this.#emitPicture(this.#lastPicture);
    }
  }

  #fillSounds(end: number): void {
    while (this.#nextSound < end) {
      this.#filledSounds++;
      this.#options.sink.sound(this.#nextSound++, this.#silence);
    }
  }

  #emitPicture(data: Buffer): void {
    const { pool } = this.#options;
    pool.hold(data);
    pool.release(this.#lastPicture);
    this.#lastPicture = data;
    this.#options.sink.picture(this.#nextPicture++, data);
  }
}

/** Black in yuv420p, limited range. */
export function blackPicture(format: ProgramFormat): Buffer {
  const picture = Buffer.alloc(pictureBytes(format), 128);
  picture.fill(16, 0, format.width * format.height);
  return picture;
}
