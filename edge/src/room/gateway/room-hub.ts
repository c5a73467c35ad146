import type { Position } from "../../protocol/room/entry.ts";
import type { StateUpdate } from "../../protocol/room/state-plane.ts";
import { compare } from "../log/positions.ts";
import type { FeedNews, RoomFeed } from "../log/room-feed.ts";
import { type Batch, batchFrames, emptyBatch } from "./batch-frames.ts";
import { flushWindowMs, MEMBERS_PER_TURN } from "./flush-window.ts";
import type { Member } from "./member.ts";
import { OutFrame } from "./out-frame.ts";

/** News that wait for the next batch; beyond it a batch goes out at once. */
const MAX_PENDING = 2_048;
/** Least time between two notes that the durable position has moved. */
const DURABLE_EVERY_MS = 40;

const NO_NEWS: FeedNews = { entries: [], skips: [], cuts: [] };

/** What a flush writes to each member: frames, where members stood before, and what they are told to be durable. */
interface Written {
  readonly batches: readonly Batch[];
  readonly before: Position;
  readonly durable: Position;
}

/** One room at this process: takes its feed's news and writes each batch, framed once, to all members. */
export class RoomHub {
  readonly slug: string;
  readonly feed: RoomFeed;
  /** Members that are up to date; each gets every batch. */
  readonly live = new Set<Member>();
  /** Members that were too slow; they are caught up by `CatchUp`. */
  readonly lagging = new Set<Member>();
  /** Members that wait to hear that something of their own is durable, and some that have heard. */
  readonly #awaiting = new Set<Member>();
  readonly #now: () => number;
  readonly #onActs: (hub: RoomHub, news: FeedNews) => void;
  readonly #onBatch: (members: number, entries: number) => void;
  readonly #stop: () => void;
  readonly #state = new Map<string, StateUpdate>();
  #pending: FeedNews = NO_NEWS;
  #sent: Position;
  #flushTimer: NodeJS.Timeout | undefined;
  #durableTimer: NodeJS.Timeout | undefined;
  #turn: NodeJS.Immediate | undefined;
  #lastFlushMs = 0;

  constructor(
    slug: string,
    feed: RoomFeed,
    options: {
      readonly now: () => number;
      /** Called with news that hold acts, before they are sent. */
      readonly onActs: (hub: RoomHub, news: FeedNews) => void;
      readonly onBatch: (members: number, entries: number) => void;
    },
  ) {
    this.slug = slug;
    this.feed = feed;
    this.#now = options.now;
    this.#onActs = options.onActs;
    this.#onBatch = options.onBatch;
    this.#sent = feed.top;
    this.#stop = feed.listen({ onNews: (news) => this.#hear(news) });
  }

  /** What all live members have been sent. */
  get sent(): Position {
    return this.#sent;
  }

  get size(): number {
    return this.live.size + this.lagging.size;
  }

  /** People here; who is here twice counts once. */
  get people(): number {
    return new Set([...this.members()].map(({ access }) => access.you.id)).size;
  }

  /** Everybody here. */
  *members(): Generator<Member> {
    yield* this.live;
    yield* this.lagging;
  }

  /** Adds somebody who knows everything up to `at`. */
  add(member: Member, at: Position): void {
    member.toldDurable(this.feed.durable);
    if (compare(at, this.#sent) >= 0) this.live.add(member);
    else {
      member.fellBehind(at);
      this.lagging.add(member);
    }
  }

  /** The member's own entry was placed at `at`: it is told when that is durable. */
  awaitDurable(member: Member, at: Position): void {
    member.wait(at);
    this.#awaiting.add(member);
  }

  /** Tells one member the durable position, whether or not it has moved. */
  tellDurable(member: Member): void {
    member.outlet.send(emptyBatch(this.slug, this.#sent, this.feed.top, this.feed.durable));
    member.toldDurable(this.feed.durable);
  }

  remove(member: Member): void {
    this.live.delete(member);
    this.lagging.delete(member);
    this.#awaiting.delete(member);
  }

  /** A heartbeat to all, unless a batch went out within `quietMs`. */
  beat(quietMs: number): void {
    if (this.#turn || this.#now() - this.#lastFlushMs < quietMs) return;
    this.#lastFlushMs = this.#now();
    const frame = emptyBatch(this.slug, this.#sent, this.feed.top, this.feed.durable);
    for (const member of this.live) member.outlet.send(frame);
  }

  /** Newest values of the sheddable plane, to be sent with the next `sendState`. */
  noteState(update: StateUpdate): void {
    this.#state.set(update.key, update);
  }

  /** Sends what has changed to those who can take it. */
  sendState(isTooSlow: (member: Member) => boolean): void {
    if (this.#state.size === 0) return;
    const st = [...this.#state.values()];
    this.#state.clear();
    const frame = new OutFrame(JSON.stringify({ t: "st", room: this.slug, st }));
    for (const member of this.live) if (!member.isLite && !isTooSlow(member)) member.outlet.send(frame);
  }

  close(): void {
    clearTimeout(this.#flushTimer);
    clearTimeout(this.#durableTimer);
    clearImmediate(this.#turn);
    this.#stop();
  }

  #hear(news: FeedNews): void {
    if (news.entries.length + news.skips.length + news.cuts.length === 0) {
      this.#hearDurable();
      return;
    }
    this.#pending = {
      entries: [...this.#pending.entries, ...news.entries],
      skips: [...this.#pending.skips, ...news.skips],
      cuts: [...this.#pending.cuts, ...news.cuts],
    };
    this.#schedule();
  }

  /** The first news after a quiet while go out with this turn of the loop; what follows shares the next batch. */
  #schedule(): void {
    // a batch that is being written is finished first
    if (this.#turn) return;
    if (this.#pending.entries.length >= MAX_PENDING) this.#flush();
    else this.#flushTimer ??= setTimeout(() => this.#flush(), this.#dueInMs());
  }

  #dueInMs(): number {
    return Math.max(0, this.#lastFlushMs + flushWindowMs(this.live.size) - this.#now());
  }

  #flush(): void {
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    const news = this.#pending;
    this.#pending = NO_NEWS;
    if (news.entries.some(({ kind }) => kind === "act")) this.#onActs(this, news);
    const { feed, slug } = this;
    const before = this.#sent;
    const batches = batchFrames({ slug, at: before, news, top: feed.top, durable: feed.durable });
    this.#lastFlushMs = this.#now();
    this.#sent = batches.at(-1)?.to ?? before;
    this.#onBatch(this.live.size, news.entries.length);
    this.#write([...this.live], 0, { batches, before, durable: feed.durable });
  }

  /** Writes to some members, and in the next turn of the loop to the others. */
  #write(members: readonly Member[], first: number, written: Written): void {
    this.#turn = undefined;
    const end = Math.min(first + MEMBERS_PER_TURN, members.length);
    for (let at = first; at < end; at += 1) {
      const member = members[at];
      // in later turns some may have left
      if (member && (first === 0 || this.live.has(member))) this.#sendTo(member, written);
    }
    if (end < members.length) this.#turn = setImmediate(() => this.#write(members, end, written));
    else if (this.#pending !== NO_NEWS) this.#schedule();
  }

  #sendTo(member: Member, { batches, before, durable }: Written): void {
    if (member.isTooSlow()) {
      this.live.delete(member);
      this.lagging.add(member);
      member.fellBehind(before);
      return;
    }
    for (const { frame } of batches) member.outlet.send(frame);
    if (member.awaits) member.toldDurable(durable);
  }

  /** Those who wait for it learn at once that the durable position has moved, the others with the next batch. */
  #hearDurable(): void {
    this.#durableTimer ??= setTimeout(() => {
      this.#durableTimer = undefined;
      // the batch that is being written tells it, or the next
      if (this.#turn) return this.#hearDurable();
      const { durable } = this.feed;
      const frame = emptyBatch(this.slug, this.#sent, this.feed.top, durable);
      for (const member of this.#awaiting) {
        if (!member.awaits) this.#awaiting.delete(member);
        if (!member.awaits || !this.live.has(member) || compare(member.told, durable) >= 0) continue;
        member.outlet.send(frame);
        member.toldDurable(durable);
      }
    }, DURABLE_EVERY_MS);
  }
}
