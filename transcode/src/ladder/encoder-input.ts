/** What waits for an encoder's stdin, in order; says when a chunk's bytes have left. */
import { Readable } from "node:stream";

interface Item {
  readonly chunk: Buffer;
  /** Called when the bytes are no longer needed; not at all when the run ends before. */
  readonly left?: () => void;
}

/**
 * A chunk has left once this much behind it was asked for: a pipe asks for more only when the writer's buffer, 64 kB
 * by default, has been drained.
 */
const LEFT_BEHIND_BYTES = 256 * 1_024;

export class EncoderInput extends Readable {
  readonly #waiting: Item[] = [];
  #waitingBytes = 0;
  readonly #handed: Item[] = [];
  #handedBytes = 0;
  #wanted = false;

  constructor() {
    super({ highWaterMark: 1 });
  }

  /** Bytes that the encoder has not asked for. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Adds a chunk behind what waits. The bound is the caller's. */
  add(chunk: Buffer, left?: () => void): void {
    this.#waiting.push({ chunk, ...(left && { left }) });
    this.#waitingBytes += chunk.length;
    if (this.#wanted) this.#hand();
  }

  override _read(): void {
    this.#settle();
    this.#hand();
  }

  #hand(): void {
    const item = this.#waiting.shift();
    this.#wanted = item === undefined;
    if (!item) return;
    this.#waitingBytes -= item.chunk.length;
    this.#handed.push(item);
    this.#handedBytes += item.chunk.length;
    this.push(item.chunk);
  }

  #settle(): void {
    for (let first = this.#handed[0]; first; first = this.#handed[0]) {
      if (this.#handedBytes - first.chunk.length < LEFT_BEHIND_BYTES) return;
      this.#handed.shift();
      this.#handedBytes -= first.chunk.length;
      first.left?.();
    }
  }
}
