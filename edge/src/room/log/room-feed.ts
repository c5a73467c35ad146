import type { Position } from "../../protocol/room/entry.ts";
import type { Cut } from "../../protocol/room/frames.ts";
import type { Archive } from "../archive/archive.ts";
import type { Bell, StoredEntry } from "./doorbell.ts";
import type { Doorbells } from "./doorbells.ts";
import type { RoomFunctions } from "./functions.ts";
import { applyWithdrawals, type KeptEntry, keep } from "./kept-entry.ts";
import { compare, later } from "./positions.ts";
import { type Page, readLog } from "./read-log.ts";
import { Ring } from "./ring.ts";
import type { Sequencer } from "./sequencer.ts";

/** Entries read back when a feed begins. */
const FIRST_ENTRIES = 256;
/** Bells that came too early wait here for the one before. */
const MAX_EARLY = 256;
/** Longest wait for a bell that came out of order, before the stream is read. */
const REORDER_MS = 15;
/** How often a quiet room is asked whether its last bell was lost. */
export const BEACON_MS = 1_000;
const PAGE_ENTRIES = 500;
const RETRY_MS = 250;

/** What a feed tells: all entries in order, each once, without a silent hole. */
export interface FeedListener {
  /** `skips` stand before `entries`, `cuts` before both; `durable` when only that has moved. */
  readonly onNews: (news: FeedNews) => void;
}
/** Something new in a room. */
export interface FeedNews {
  readonly entries: readonly KeptEntry[];
  readonly skips: Page["skips"];
  readonly cuts: readonly Cut[];
}

/** Parts that all feeds of a process share. */
export interface FeedParts {
  readonly functions: RoomFunctions;
  readonly sequencer: Sequencer;
  readonly archive: Archive;
  readonly doorbells: Doorbells;
}

/** Follows one room's log: bells bring entries, the stream and the archive fill what bells have missed. */
export class RoomFeed {
  readonly roomId: string;
  readonly #parts: FeedParts;
  readonly #listeners = new Set<FeedListener>();
  readonly #early = new Map<number, StoredEntry>();
  readonly #stops: (() => void)[] = [];
  #ring = new Ring({ gen: 0, seq: 0 });
  #durable: Position = { gen: 0, seq: 0 };
  #heard: Position = { gen: 0, seq: 0 };
  #repairing: Promise<void> | undefined;
  #wait: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(roomId: string, parts: FeedParts) {
    this.roomId = roomId;
    this.#parts = parts;
  }

  /** Begins to follow; rejects with RoomAway when the room cannot be read. Bells are heard before the log is read. */
  async start(): Promise<void> {
    const { doorbells, sequencer, functions, archive } = this.#parts;
    this.#stops.push(doorbells.listen(this.roomId, (bell) => this.#heardBell(bell)));
    const [, gen, seq, durableGen, durableSeq] = await sequencer.run(this.roomId, (calls) => calls.top(this.roomId));
    const top = { gen: Number(gen), seq: Number(seq) };
    this.#durable = later(this.#durable, { gen: Number(durableGen), seq: Number(durableSeq) });
    const base = { gen: top.gen, seq: Math.max(0, top.seq - FIRST_ENTRIES) };
    const page = await readLog({ functions, archive }, this.roomId, base, FIRST_ENTRIES * 2);
    this.#ring = new Ring(base);
    this.#ring.take({ ...page, entries: page.entries.map(keep) });
    this.#stops.push(doorbells.onReady(() => void this.repair()));
    const beacon = setInterval(() => void this.#ask(), BEACON_MS).unref();
    this.#stops.push(() => clearInterval(beacon));
    if (compare(this.#heard, this.top) > 0) void this.repair();
  }

  /** Newest position told to listeners. */
  get top(): Position {
    return this.#ring.top;
  }

  get durable(): Position {
    return this.#durable;
  }

  get ring(): Ring {
    return this.#ring;
  }

  /** Whether anybody listens. */
  get isFollowed(): boolean {
    return this.#listeners.size > 0;
  }

  listen(listener: FeedListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** What follows `at`: from memory, else from Redis and the archive. */
  async after(at: Position, limit: number): Promise<FeedNews & { readonly to: Position; readonly more: boolean }> {
    const near = this.#ring.after(at, limit);
    if (near) {
      const last = near.entries.at(-1);
      const to = near.more && last ? { gen: last.gen, seq: last.seq } : this.top;
      return { entries: near.entries, cuts: near.cuts, skips: [], to, more: near.more };
    }
    const { functions, archive } = this.#parts;
    const page = await readLog({ functions, archive }, this.roomId, at, limit);
    const entries = applyWithdrawals(page.entries.map(keep));
    return { entries, cuts: page.cuts, skips: page.skips, to: page.to, more: page.more };
  }

  /** Reads what bells have missed; one reading at a time. */
  repair(): Promise<void> {
    this.#repairing ??= this.#readOn().finally(() => {
      this.#repairing = undefined;
    });
    return this.#repairing;
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#wait);
    for (const stop of this.#stops.splice(0)) stop();
  }

  #heardBell(bell: Bell): void {
    if (bell.kind === "durable") this.#durableMoved(bell.at);
    else if (bell.kind === "recovered") void this.repair();
    else this.#heardEntry(bell.entry);
  }

  #durableMoved(at: Position): void {
    if (compare(at, this.#durable) <= 0) return;
    this.#durable = at;
    this.#tell({ entries: [], skips: [], cuts: [] });
  }

  #heardEntry(entry: StoredEntry): void {
    this.#heard = later(this.#heard, { gen: entry.gen, seq: entry.seq });
    if (this.#repairing || compare(entry, this.top) <= 0) return;
    if (entry.gen !== this.top.gen || this.#early.size >= MAX_EARLY) void this.repair();
    else if (entry.seq !== this.top.seq + 1) this.#keepEarly(entry);
    else this.#takeInOrder(entry);
  }

  #keepEarly(entry: StoredEntry): void {
    this.#early.set(entry.seq, entry);
    this.#wait ??= setTimeout(() => {
      this.#wait = undefined;
      if (compare(this.#heard, this.top) > 0) void this.repair();
    }, REORDER_MS);
  }

  #takeInOrder(entry: StoredEntry): void {
    const entries: KeptEntry[] = [];
    for (let next: StoredEntry | undefined = entry; next; next = this.#early.get(this.top.seq + 1)) {
      this.#early.delete(next.seq);
      const kept = keep(next);
      this.#ring.push(kept);
      entries.push(kept);
    }
    this.#tell({ entries, skips: [], cuts: [] });
  }

  async #readOn(): Promise<void> {
    const { functions, archive } = this.#parts;
    this.#early.clear();
    do {
      const page = await readLog({ functions, archive }, this.roomId, this.top, PAGE_ENTRIES).catch(() => undefined);
      if (this.#stopped) return;
      if (!page) {
        this.#wait ??= setTimeout(() => {
          this.#wait = undefined;
          void this.repair();
        }, RETRY_MS);
        return;
      }
      if (this.#take(page) === 0 && !page.more) return;
    } while (compare(this.#heard, this.top) > 0);
  }

  /** Takes a page that follows the top; answers how much was new. */
  #take(page: Page): number {
    const entries = page.entries.map(keep);
    this.#ring.take({ ...page, entries });
    if (entries.length + page.cuts.length + page.skips.length > 0) this.#tell({ ...page, entries });
    return entries.length + page.cuts.length + page.skips.length;
  }

  #tell(news: FeedNews): void {
    for (const listener of this.#listeners) listener.onNews(news);
  }

  /** Compares with the sequencer: finds a lost last bell, and begins a generation where one is due. */
  async #ask(): Promise<void> {
    try {
      const reply = await this.#parts.sequencer.run(this.roomId, (calls) => calls.top(this.roomId));
      const [gen, seq, durableGen, durableSeq] = reply.slice(1).map(Number) as [number, number, number, number];
      this.#durableMoved({ gen: durableGen, seq: durableSeq });
      if (compare({ gen, seq }, this.top) > 0) await this.repair();
    } catch {
      // Redis is away: the next beacon asks again
    }
  }
}
