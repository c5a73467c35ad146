/** What this person has said and is not durable yet. Pure: time and ids come in. */
import {
  type ClientFrameOf,
  type Cut,
  MAX_UNACKED,
  NACK_CODES,
  type NackCode,
  type Position,
  type ServerFrameOf,
} from "@lianmai/edge/protocol/room";
import { comparePositions } from "./room-track.ts";

/** A message on its way. */
export interface OutboxItem {
  readonly cid: string;
  readonly room: string;
  readonly kind: string;
  readonly body: unknown;
  readonly mediaMs?: number;
  /** Written at, wall time. */
  readonly writtenMs: number;
  /** `queued`: to be sent. `sent`: without an answer. `placed`: in the log, not durable. `waiting`: again at `againMs`. */
  readonly state: "queued" | "sent" | "placed" | "waiting";
  readonly at?: Position;
  readonly againMs?: number;
  /** Why it waits. */
  readonly code?: NackCode;
}

/** What happens to an item; `gone` items leave the outbox. */
export type OutboxChange =
  | { readonly change: "item"; readonly item: OutboxItem }
  | { readonly change: "durable"; readonly item: OutboxItem }
  | { readonly change: "refused"; readonly item: OutboxItem; readonly nack: ServerFrameOf<"nack"> };

/** Messages one person may have on the way; more are not taken. */
const MAX_ITEMS = 200;
/** The server recognises a repeated id for at least this long: what is older must not be sent again unasked. */
export const RESEND_WITHIN_MS = 5 * 60_000;
const DEFAULT_RETRY_MS = 1_000;

/** The outbox of one connection, oldest first. */
export class Outbox {
  readonly #items = new Map<string, OutboxItem>();
  readonly #onChange: (change: OutboxChange) => void;
  readonly #forgetOnAck: boolean;

  /** `forgetOnAck` gives up the second acknowledgement; only fault runs do that. */
  constructor(options: { readonly onChange: (change: OutboxChange) => void; readonly forgetOnAck?: boolean }) {
    this.#onChange = options.onChange;
    this.#forgetOnAck = options.forgetOnAck ?? false;
  }

  get items(): readonly OutboxItem[] {
    return [...this.#items.values()];
  }

  /** Adds a message; false when too many are on the way. */
  add(item: Omit<OutboxItem, "state">): boolean {
    if (this.#items.size >= MAX_ITEMS) return false;
    this.#set({ ...item, state: "queued" });
    return true;
  }

  /** Takes up what an earlier visit has left; what is too old to be sent again safely is handed back. */
  restore(items: readonly OutboxItem[], nowMs: number): OutboxItem[] {
    const old = items.filter(({ writtenMs }) => nowMs - writtenMs > RESEND_WITHIN_MS);
    for (const item of items) if (!old.includes(item)) this.#set({ ...item, state: "queued" });
    return old;
  }

  /** Everything without an answer is sent again: the connection it went out on is gone. */
  disconnected(): void {
    for (const item of this.#items.values()) if (item.state === "sent") this.#set({ ...item, state: "queued" });
  }

  /** Frames to send now, oldest first, marked as sent. */
  next(nowMs: number, isJoined: (room: string) => boolean): ClientFrameOf<"pub">[] {
    const frames: ClientFrameOf<"pub">[] = [];
    let free = MAX_UNACKED - this.items.filter(({ state }) => state === "sent").length;
    for (const item of this.items) {
      if (free <= 0) break;
      const isDue = item.state === "queued" || (item.state === "waiting" && (item.againMs ?? 0) <= nowMs);
      if (!isDue || !isJoined(item.room)) continue;
      free -= 1;
      this.#set({ ...item, state: "sent" });
      const { cid, room, kind, body, mediaMs } = item;
      frames.push({ t: "pub", room, cid, kind, body, ...(mediaMs !== undefined && { mediaMs }) });
    }
    return frames;
  }

  acked({ cid, gen, seq }: ServerFrameOf<"ack">): void {
    const item = this.#items.get(cid);
    if (!item) return;
    if (this.#forgetOnAck) this.#items.delete(cid);
    else this.#set({ ...item, state: "placed", at: { gen, seq } });
  }

  nacked(nack: ServerFrameOf<"nack">, nowMs: number): void {
    const item = this.#items.get(nack.cid);
    if (!item) return;
    if (NACK_CODES[nack.code].final) {
      this.#items.delete(nack.cid);
      this.#onChange({ change: "refused", item, nack });
    } else {
      this.#set({ ...item, state: "waiting", code: nack.code, againMs: nowMs + (nack.retryMs ?? DEFAULT_RETRY_MS) });
    }
  }

  /** What was placed behind the end of a generation has no place: it is sent again. */
  cut(room: string, { gen, last }: Cut): void {
    for (const item of this.#items.values()) {
      const isLost = item.state === "placed" && item.room === room && item.at?.gen === gen && item.at.seq > last;
      if (isLost) this.#set({ ...item, state: "queued" });
    }
  }

  /** Everything placed up to `to` is on disk and forgotten. */
  durable(room: string, to: Position): void {
    for (const item of this.#items.values()) {
      if (item.room !== room || item.state !== "placed" || !item.at || comparePositions(item.at, to) > 0) continue;
      this.#items.delete(item.cid);
      this.#onChange({ change: "durable", item });
    }
  }

  /** Takes a message back that has no place yet; false when it may have one. */
  cancel(cid: string): boolean {
    const item = this.#items.get(cid);
    if (!item || item.state === "sent" || item.state === "placed") return false;
    return this.#items.delete(cid);
  }

  #set(item: OutboxItem): void {
    this.#items.set(item.cid, item);
    this.#onChange({ change: "item", item });
  }
}
