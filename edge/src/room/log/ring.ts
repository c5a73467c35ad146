import type { Position } from "../../protocol/room/entry.ts";
import type { Cut } from "../../protocol/room/frames.ts";
import { type KeptEntry, withdrawIn } from "./kept-entry.ts";
import { compare } from "./positions.ts";

/** Entries a process keeps of each room: resumes after short absences cost nobody anything. */
export const RING_ENTRIES = 1_024;

/** The newest entries of a room without a hole; the oldest fall out. */
export class Ring {
  readonly #entries: KeptEntry[] = [];
  readonly #cuts: Cut[] = [];
  #base: Position;
  #top: Position;

  constructor(base: Position) {
    this.#base = base;
    this.#top = base;
  }

  /** The ring tells everything after this position. */
  get base(): Position {
    return this.#base;
  }

  /** Newest position told. */
  get top(): Position {
    return this.#top;
  }

  /** Adds an entry; one that does not follow the last begins the ring anew. */
  push(entry: KeptEntry): void {
    if (entry.gen !== this.#top.gen || entry.seq !== this.#top.seq + 1)
      this.#restart({ gen: entry.gen, seq: entry.seq - 1 });
    this.#entries.push(entry);
    this.#top = { gen: entry.gen, seq: entry.seq };
    withdrawIn(this.#entries, this.#entries.length - 1, entry);
    // in steps, as moving the rest for each entry would cost more than the memory
    if (this.#entries.length >= RING_ENTRIES * 1.25) {
      const dropped = this.#entries.splice(0, this.#entries.length - RING_ENTRIES).at(-1);
      if (dropped) this.#base = { gen: dropped.gen, seq: dropped.seq };
    }
  }

  /** Takes back what stood behind the end of a generation; the next begins. */
  cut(cut: Cut): void {
    const isKept = ({ gen, seq }: Position) => gen !== cut.gen || seq <= cut.last;
    const kept = this.#entries.filter(isKept);
    this.#entries.splice(0, this.#entries.length, ...kept);
    this.#cuts.push(cut);
    if (!isKept(this.#base)) this.#base = { gen: cut.gen, seq: cut.last };
    if (cut.gen >= this.#top.gen) this.#top = { gen: cut.gen + 1, seq: 0 };
  }

  /** Takes a page that follows the top. */
  take(page: { readonly entries: readonly KeptEntry[]; readonly cuts: readonly Cut[]; readonly to: Position }): void {
    const cuts = [...page.cuts];
    for (const entry of page.entries) {
      while (cuts[0] && cuts[0].gen < entry.gen) this.cut(cuts.shift() as Cut);
      if (compare(entry, this.#top) > 0) this.push(entry);
    }
    for (const cut of cuts) this.cut(cut);
    if (compare(page.to, this.#top) > 0) this.#restart(page.to);
  }

  /** What follows `at`, undefined when the ring does not reach back that far. */
  after(
    at: Position,
    limit: number,
  ): { readonly entries: readonly KeptEntry[]; readonly cuts: readonly Cut[]; readonly more: boolean } | undefined {
    if (compare(at, this.#base) < 0) return undefined;
    let first = this.#entries.length;
    while (first > 0 && compare(this.#entries[first - 1] ?? at, at) > 0) first -= 1;
    const entries = this.#entries.slice(first, first + limit);
    return { entries, cuts: this.#cuts.filter(({ gen }) => gen >= at.gen), more: first + limit < this.#entries.length };
  }

  /** The last entries. */
  last(count: number): readonly KeptEntry[] {
    return this.#entries.slice(-count);
  }

  find(cid: string): KeptEntry | undefined {
    return this.#entries.findLast((entry) => entry.cid === cid);
  }

  #restart(base: Position): void {
    this.#entries.length = 0;
    this.#base = base;
    this.#top = base;
  }
}
