import type { Logger, Redis } from "@lianmai/process";
import { findProgramFeed, ProgramLink } from "./program-link.ts";

/** A program nobody wants any more is let go after this long: the next one often comes at once. */
const LINGER_MS = 5_000;

/** Somebody's use of a room's program. */
export interface ProgramUse {
  readonly link: ProgramLink;
  /** Idempotent. */
  release(): void;
}

interface Held {
  readonly link: ProgramLink;
  uses: number;
  linger: NodeJS.Timeout | undefined;
}

/** The programs read by this process, one connection for each however many want it. */
export class ProgramLinks {
  readonly #options: { readonly redis: Redis; readonly logger: Logger; readonly nowMs: () => number };
  readonly #held = new Map<string, Held>();

  constructor(options: { readonly redis: Redis; readonly logger: Logger; readonly nowMs: () => number }) {
    this.#options = options;
  }

  /** Whether the room has a program on air. Rejects when Redis is away. */
  async isOnAir(room: string): Promise<boolean> {
    return this.#held.get(room)?.link.connected || (await findProgramFeed(this.#options.redis, room)) !== undefined;
  }

  use(room: string): ProgramUse {
    const held = this.#held.get(room) ?? this.#open(room);
    held.uses += 1;
    clearTimeout(held.linger);
    let released = false;
    return {
      link: held.link,
      release: () => {
        if (released) return;
        released = true;
        held.uses -= 1;
        if (held.uses === 0) held.linger = setTimeout(() => this.#close(room, held), LINGER_MS);
      },
    };
  }

  close(): void {
    for (const [room, held] of this.#held) this.#close(room, held);
  }

  #open(room: string): Held {
    const held: Held = { link: new ProgramLink({ ...this.#options, room }), uses: 0, linger: undefined };
    this.#held.set(room, held);
    return held;
  }

  #close(room: string, held: Held): void {
    clearTimeout(held.linger);
    this.#held.delete(room);
    held.link.close();
  }
}
