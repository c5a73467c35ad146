/** Writes media records to the parent, newest pictures first in line to survive when it does not keep up. */
import type { Writable } from "node:stream";
import { type MixerRecord, recordHeader } from "../protocol.ts";

/** Pictures waiting here at most; the oldest goes. Sound waits longer, to the bound of all records. */
const MOST_PICTURES = 4;
const MOST_RECORDS = 400;
/** Records handed to the stream at a time: one being written, one right behind it. */
const IN_FLIGHT = 2;

interface Waiting {
  readonly kind: MixerRecord["kind"];
  readonly index: number;
  readonly data: Buffer;
  readonly done: () => void;
}

export class RecordWriter {
  readonly #stream: Writable;
  readonly #queue: Waiting[] = [];
  #inFlight = 0;
  #dropped = 0;
  #isClosed = false;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  /** Records given up because the parent did not read. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Queues a record; `done` is called once `data` is no longer needed. */
  write(
    kind: MixerRecord["kind"],
    index: number,
    options: { readonly data: Buffer; readonly done?: () => void },
  ): void {
    const { data, done = () => {} } = options;
    if (this.#isClosed) {
      done();
      return;
    }
    this.#queue.push({ kind, index, data, done });
    if (this.#queue.filter((waiting) => waiting.kind === "video").length > MOST_PICTURES) this.#drop("video");
    if (this.#queue.length > MOST_RECORDS) this.#drop(null);
    this.#flush();
  }

  close(): void {
    this.#isClosed = true;
    for (const waiting of this.#queue.splice(0)) waiting.done();
  }

  #drop(kind: MixerRecord["kind"] | null): void {
    const at = kind === null ? 0 : this.#queue.findIndex((waiting) => waiting.kind === kind);
    const [dropped] = this.#queue.splice(at, 1);
    dropped?.done();
    this.#dropped++;
  }

  #flush(): void {
    while (this.#inFlight < IN_FLIGHT && !this.#isClosed) {
      const next = this.#queue.shift();
      if (!next) return;
      this.#inFlight++;
      this.#stream.cork();
      this.#stream.write(recordHeader(next.kind, next.index, next.data.length));
      this.#stream.write(next.data, () => {
        this.#inFlight--;
        next.done();
        this.#flush();
      });
      this.#stream.uncork();
    }
  }
}
