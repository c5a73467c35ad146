/** Reads a room's log after a position: Redis first, the archive for what Redis no longer has, skips for the rest. */
import type { Position } from "../../protocol/room/entry.ts";
import type { Cut, Skip } from "../../protocol/room/frames.ts";
import type { Archive, ArchivedEntry } from "../archive/archive.ts";
import type { RoomFunctions } from "./functions.ts";

/** Entries in order, with what is not among them. */
export interface Page {
  readonly entries: readonly ArchivedEntry[];
  readonly skips: readonly Skip[];
  /** Ends of generations that were passed. */
  readonly cuts: readonly Cut[];
  /** Everything up to here is told. */
  readonly to: Position;
  /** The limit was reached; ask again after `to`. */
  readonly more: boolean;
}

/** Rounds of asking for one page; a page that needs more is cut short. */
const MAX_ROUNDS = 50;

/** Reads up to `limit` entries after `at`. Works from the archive alone while Redis is away. */
export async function readLog(
  sources: { readonly functions: Pick<RoomFunctions, "after">; readonly archive: Archive },
  roomId: string,
  at: Position,
  limit: number,
): Promise<Page> {
  const walk = new Walk(at, limit);
  for (let round = 0; round < MAX_ROUNDS && walk.wanted > 0; round += 1) {
    const hot = await sources.functions.after(roomId, walk.to, walk.wanted).catch(() => []);
    if (walk.takeNext(hot)) continue;
    const cuts = await sources.archive.cuts(roomId, walk.to.gen);
    const hole = walk.hole(hot[0], cuts);
    if (!hole) return walk.page(false);
    if (hole.to >= hole.from) {
      const cold = await sources.archive.range(roomId, { ...hole, limit: walk.wanted });
      if (cold.length === 0 && hole.to === Number.MAX_SAFE_INTEGER) return walk.page(false);
      const oldest = (await sources.archive.after(roomId, { gen: 0, seq: 0 }, { limit: 1 }))[0];
      walk.takeCold(cold, hole, oldest);
    }
  }
  return walk.page(true);
}

interface Hole {
  readonly gen: number;
  readonly from: number;
  readonly to: number;
}

/** The page as it grows. */
class Walk {
  to: Position;
  wanted: number;
  readonly #entries: ArchivedEntry[] = [];
  readonly #skips: Skip[] = [];
  readonly #cuts: Cut[] = [];

  constructor(at: Position, limit: number) {
    this.to = at;
    this.wanted = limit;
  }

  /** Takes what follows without a hole; false when nothing does. */
  takeNext(entries: readonly ArchivedEntry[]): boolean {
    const before = this.#entries.length;
    for (const entry of entries) {
      if (entry.gen !== this.to.gen || entry.seq !== this.to.seq + 1) break;
      this.#take(entry);
    }
    return this.#entries.length > before;
  }

  /**
   * What is missing next, given the first entry that Redis has and the ends of generations from here on; passes the
   * end of a generation that is told completely. Undefined: nothing is missing, this is the top.
   */
  hole(next: Position | undefined, cuts: readonly Cut[]): Hole | undefined {
    const { gen, seq } = this.to;
    const cut = cuts.find((each) => each.gen === gen);
    if (cut && seq < cut.last) {
      const to = next?.gen === gen ? Math.min(next.seq - 1, cut.last) : cut.last;
      return { gen, from: seq + 1, to };
    }
    if (cut || (next && next.gen > gen) || cuts[0] || gen === 0) {
      if (cut) this.#cuts.push(cut);
      this.to = { gen: gen + 1, seq: 0 };
      return { gen, from: 1, to: 0 };
    }
    if (next?.gen === gen) return { gen, from: seq + 1, to: next.seq - 1 };
    return { gen, from: seq + 1, to: Number.MAX_SAFE_INTEGER };
  }

  /** Takes what the archive had of a hole and says what it had not. */
  takeCold(entries: readonly ArchivedEntry[], hole: Hole, oldest: Position | undefined): void {
    for (const entry of entries) {
      if (entry.seq > this.to.seq + 1) this.#skip(entry.seq - 1, oldest);
      this.#take(entry);
    }
    const isWhole = this.wanted > 0 && hole.to < Number.MAX_SAFE_INTEGER;
    if (isWhole && this.to.seq < hole.to) this.#skip(hole.to, oldest);
  }

  page(more: boolean): Page {
    return { entries: this.#entries, skips: this.#skips, cuts: this.#cuts, to: this.to, more };
  }

  #take(entry: ArchivedEntry): void {
    this.#entries.push(entry);
    this.to = { gen: entry.gen, seq: entry.seq };
    this.wanted -= 1;
  }

  #skip(to: number, oldest: Position | undefined): void {
    const { gen, seq } = this.to;
    const isExpired = oldest !== undefined && (gen < oldest.gen || (gen === oldest.gen && to < oldest.seq));
    this.#skips.push({ gen, from: seq + 1, to, why: isExpired ? "retention" : "lost" });
    this.to = { gen, seq: to };
  }
}
