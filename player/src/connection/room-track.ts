/**
 * Where a client stands in one room's log: takes batches, finds holes, asks for what is missing, and hands on every
 * entry once and in order. No sockets, no timers: time comes in, frames to send come out.
 */
import {
  type Cut,
  type Entry,
  GAP_HOLD_MS,
  type Position,
  SEEN_CIDS,
  type ServerFrameOf,
  type Skip,
  type WelcomeRoom,
} from "@lianmai/edge/protocol/room";

/** What the log does to a room's list, in the order it must be done. */
export type LogChange =
  | { readonly change: "add"; readonly entry: Entry }
  /** Entries of `gen` behind `last` were never durable: take them away; what still holds comes again. */
  | { readonly change: "retract"; readonly gen: number; readonly last: number }
  /** Entries that will not come, and why. */
  | { readonly change: "skip"; readonly skip: Skip };

type Batch = ServerFrameOf<"b">;
type Parts = WelcomeRoom["parts"];

/** Batches that wait for the ones before them. */
const MAX_HELD = 64;
/** A fill that is not answered is asked again after this; after three the connection is made anew. */
const FILL_RETRY_MS = 2_000;
const MAX_FILLS = 3;

export const comparePositions = (a: Position, b: Position): number => a.gen - b.gen || a.seq - b.seq;

/** One room's place in the log. */
export class RoomTrack {
  /** Everything up to here has been handed on; undefined before the first welcome. */
  at: Position | undefined;
  /** Everything of this log up to here is on disk. */
  durable: Position = { gen: 0, seq: 0 };
  readonly #seen = new Map<string, Position>();
  readonly #cuts = new Map<number, number>();
  readonly #onChange: (change: LogChange) => void;
  readonly #onCut: (cut: Cut) => void;
  readonly #random: () => number;
  #held: Batch[] = [];
  #top: Position = { gen: 0, seq: 0 };
  #reported: Position = { gen: 0, seq: 0 };
  #dueMs: number | undefined;
  #fills = 0;

  constructor(parts: {
    readonly onChange: (change: LogChange) => void;
    /** Called with each end of a generation, before what follows it. */
    readonly onCut: (cut: Cut) => void;
    readonly random: () => number;
  }) {
    this.#onChange = parts.onChange;
    this.#onCut = parts.onCut;
    this.#random = parts.random;
  }

  /** Takes the answer to a hello or join. */
  welcome(room: WelcomeRoom): void {
    this.#held = [];
    this.#settled();
    this.#top = { gen: room.gen, seq: room.top };
    this.at ??= room.after;
    this.#takePage(room, undefined);
    this.#durableMoved(room.dur);
    this.#look(0);
  }

  /** Takes a batch; out of order it waits for what is missing. */
  batch(frame: Batch, nowMs: number): void {
    if (!this.at) return;
    if (frame.cut) this.#cut(frame.cut);
    const top = { gen: frame.gen, seq: frame.top };
    if (comparePositions(top, this.#top) > 0) this.#top = top;
    if (!this.#take(frame)) this.#hold(frame);
    this.#takeHeld();
    this.#durableMoved(frame.dur);
    this.#look(nowMs);
  }

  /** Takes the answer to a fill; answers whether more must be asked for at once. */
  filled(frame: ServerFrameOf<"filled">, nowMs: number): boolean {
    if (!this.at) return false;
    this.#fills = 0;
    this.#dueMs = undefined;
    this.#takePage(frame, frame.to);
    this.#takeHeld();
    this.#durableMoved(this.#reported);
    this.#look(nowMs);
    return frame.more;
  }

  /** Whether a fill must be sent now: "fill", or "reconnect" when fills do not help. */
  due(nowMs: number): "fill" | "reconnect" | undefined {
    if (this.#dueMs === undefined || nowMs < this.#dueMs) return undefined;
    this.#fills += 1;
    if (this.#fills > MAX_FILLS) {
      this.#settled();
      return "reconnect";
    }
    this.#dueMs = nowMs + FILL_RETRY_MS;
    return "fill";
  }

  #take(frame: Batch): boolean {
    const at = this.at as Position;
    // what stands behind a known end is no more, though a late frame may still tell it
    const to = Math.min(frame.to, this.#cuts.get(frame.gen) ?? frame.to);
    if (frame.gen < at.gen || (frame.gen === at.gen && to <= at.seq)) return true;
    if (frame.gen !== at.gen || frame.from > at.seq + 1) return false;
    for (const skip of frame.skips ?? []) this.#skip(skip);
    for (const entry of frame.msgs) if (entry.seq <= to) this.#add({ ...entry, gen: frame.gen } as Entry);
    this.at = { gen: frame.gen, seq: to };
    this.#passCut();
    return true;
  }

  #hold(frame: Batch): void {
    if (this.#held.length < MAX_HELD) this.#held.push(frame);
  }

  #takeHeld(): void {
    for (let taken = true; taken; ) {
      const rest = this.#held.filter((frame) => !this.#take(frame));
      taken = rest.length < this.#held.length;
      this.#held = rest;
    }
  }

  /** Entries, skips and ends of generations of a page that follows a position we have passed or stand at. */
  #takePage(
    page: { readonly parts: Parts; readonly skips: readonly Skip[]; readonly cuts: readonly Cut[] },
    to: Position | undefined,
  ): void {
    for (const cut of page.cuts) this.#cut(cut);
    for (const skip of page.skips) this.#skip(skip);
    const entries = page.parts.flatMap(({ gen, msgs }) => msgs.map((entry) => ({ ...entry, gen }) as Entry));
    for (const entry of entries) this.#takeNext(entry);
    this.#pass(to);
    const last = page.skips.at(-1);
    this.#pass(last && { gen: last.gen, seq: last.to });
    this.#passCut();
  }

  #takeNext(entry: Entry): void {
    const isEnded = entry.seq > (this.#cuts.get(entry.gen) ?? entry.seq);
    if (isEnded || comparePositions(entry, this.at as Position) <= 0) return;
    this.#add(entry);
    this.at = { gen: entry.gen, seq: entry.seq };
  }

  #pass(to: Position | undefined): void {
    if (to && comparePositions(to, this.at as Position) > 0) this.at = to;
  }

  #add(entry: Entry): void {
    const at = this.at as Position;
    if (comparePositions(entry, at) <= 0 || this.#seen.has(entry.cid)) return;
    this.#seen.set(entry.cid, { gen: entry.gen, seq: entry.seq });
    if (this.#seen.size > SEEN_CIDS) {
      const [oldest] = this.#seen.keys();
      if (oldest !== undefined) this.#seen.delete(oldest);
    }
    this.#onChange({ change: "add", entry });
  }

  #skip(skip: Skip): void {
    if (comparePositions({ gen: skip.gen, seq: skip.to }, this.at as Position) > 0)
      this.#onChange({ change: "skip", skip });
  }

  /** A generation has ended: what we hold of it behind its end is taken back. */
  #cut({ gen, last }: Cut): void {
    if (this.#cuts.has(gen)) return;
    this.#cuts.set(gen, last);
    this.#onCut({ gen, last });
    const at = this.at as Position;
    if (at.gen === gen && at.seq > last) {
      for (const [cid, place] of this.#seen) if (place.gen === gen && place.seq > last) this.#seen.delete(cid);
      this.at = { gen, seq: last };
      this.#onChange({ change: "retract", gen, last });
    }
    this.#held = this.#held.filter((frame) => frame.gen !== gen);
    this.#passCut();
  }

  #passCut(): void {
    const at = this.at as Position;
    if (this.#cuts.get(at.gen) === at.seq) this.at = { gen: at.gen + 1, seq: 0 };
  }

  /**
   * A reported position counts only for the generation we are in and as far as we have come: what an end we have not
   * heard of yet takes back must not be taken for durable.
   */
  #durableMoved(to: Position): void {
    if (comparePositions(to, this.#reported) > 0) this.#reported = to;
    const at = this.at as Position;
    if (this.#reported.gen > at.gen) return;
    const reached = comparePositions(this.#reported, at) > 0 ? at : this.#reported;
    if (comparePositions(reached, this.durable) > 0) this.durable = reached;
  }

  /** Starts or ends the wait for something missing: a hole, or a top we have not reached. */
  #look(nowMs: number): void {
    const isBehind = this.#held.length > 0 || comparePositions(this.#top, this.at as Position) > 0;
    if (!isBehind) this.#settled();
    else this.#dueMs ??= nowMs + GAP_HOLD_MS * (0.5 + this.#random() / 2);
  }

  #settled(): void {
    this.#dueMs = undefined;
    this.#fills = 0;
  }
}
