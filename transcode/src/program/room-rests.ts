/**
 * Rooms that are not opened again at once, since what was published there gave no picture: each try costs the start-up
 * of a mixer, a second of a core, which a publisher that comes and goes could ask for many times a second.
 */
import { type Backoff, createBackoff } from "@lianmai/process";

const REST = { minMs: 500, maxMs: 8_000 } as const;
/** A room that was quiet for this long begins with the shortest rest again. */
const FORGET_MS = 30_000;

export class RoomRests {
  readonly #rests = new Map<string, { readonly backoff: Backoff; readonly untilMs: number }>();

  isResting(room: string, nowMs: number): boolean {
    return nowMs < (this.#rests.get(room)?.untilMs ?? Number.NEGATIVE_INFINITY);
  }

  /** A program of the room has ended. */
  ended(room: string, { hadPicture, nowMs }: { readonly hadPicture: boolean; readonly nowMs: number }): void {
    if (hadPicture) {
      this.#rests.delete(room);
      return;
    }
    const backoff = this.#rests.get(room)?.backoff ?? createBackoff(REST);
    this.#rests.set(room, { backoff, untilMs: nowMs + backoff.next() });
  }

  /** Lets go of rooms whose rest is long over. */
  forget(nowMs: number): void {
    for (const [room, { untilMs }] of this.#rests) if (nowMs - untilMs > FORGET_MS) this.#rests.delete(room);
  }
}
