/**
 * Lends out the buffers of raw pictures and takes them back: a program makes 40 MB of them a second, and a new buffer
 * for each has the garbage collector run several times a second.
 *
 * A buffer is lent while somebody holds it. One that is never released is lost to the pool and left to the collector;
 * one released too often is an error of ours and would let a picture change under an encoder's hands.
 */

/** Buffers kept for the next picture; policy: more are left to the collector. */
const MAX_FREE = 8;

export class PicturePool {
  readonly #holds = new WeakMap<Buffer, number>();
  #free: Buffer[] = [];

  /** A buffer of `bytes`, held once by the caller; its content is whatever it was. */
  take(bytes: number): Buffer {
    if (this.#free[0] && this.#free[0].length !== bytes) this.#free = [];
    const buffer = this.#free.pop() ?? Buffer.allocUnsafeSlow(bytes);
    this.#holds.set(buffer, 1);
    return buffer;
  }

  /** One more holder. Buffers that are not the pool's are left alone. */
  hold(buffer: Buffer): void {
    const holds = this.#holds.get(buffer);
    if (holds !== undefined) this.#holds.set(buffer, holds + 1);
  }

  /** One holder less; after the last the buffer may be lent again. */
  release(buffer: Buffer): void {
    const holds = this.#holds.get(buffer);
    if (holds === undefined) return;
    if (holds === 0) throw new Error("a picture was released more often than it was held");
    this.#holds.set(buffer, holds - 1);
    if (holds === 1 && this.#free.length < MAX_FREE) this.#free.push(buffer);
  }
}
