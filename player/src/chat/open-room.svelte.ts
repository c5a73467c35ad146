/** One room as a page has it open: who one is there, its modes and notice, its chat, and whoever listens to its log. */
import {
  DEFAULT_MODES,
  type Entry,
  type FaultCode,
  isAtLeast,
  type Pinned,
  type RoomModes,
  type StateUpdate,
  type WelcomeRoom,
  type You,
} from "@lianmai/edge/protocol/room";
import type { ConnectionEvent } from "../connection/connection-events.ts";
import type { LogChange } from "../connection/room-track.ts";
import { ChatLines } from "./chat-lines.ts";
import type { Line } from "./line.ts";
import type { EntryPage, PageWish } from "./read-entries.ts";
import type { RoomSession } from "./room-session.svelte.ts";

/** The part of a session that a room uses. */
export type RoomLink = Pick<
  RoomSession,
  | "status"
  | "publish"
  | "cancel"
  | "like"
  | "hurry"
  | "rejoin"
  | "again"
  | "use"
  | "leftOver"
  | "settleLeftOver"
  | "identity"
>;

/** Out of the room; `untilMs` when it is known. */
export interface Removed {
  readonly why: "kicked" | "banned" | "gone";
  readonly untilMs?: number;
}

/** Lines change at most this often; a busy room brings a hundred entries a second. */
const FLUSH_MS = 80;
/** Who may come back comes a little later: clocks differ. */
const SPARE_MS = 1_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export class OpenRoom {
  readonly slug: string;
  readonly session: RoomLink;
  lines = $state.raw<readonly Line[]>([]);
  you = $state.raw<You>();
  modes = $state.raw<RoomModes>(DEFAULT_MODES);
  pinned = $state.raw<Pinned>();
  /** People with the room open; undefined until it is told. */
  viewers = $state<number>();
  likes = $state<number>();
  fault = $state<FaultCode>();
  removed = $state.raw<Removed>();
  /** The archive has nothing older. */
  isAtBeginning = $state(false);
  /** Entered at least once. */
  isEntered = $state(false);
  /** When the own last message of a slow room was placed, local time. */
  saidAtMs = $state(0);
  readonly #chat = new ChatLines();
  readonly #listeners = new Set<(entry: Entry) => void>();
  readonly #readEntries: (wish: PageWish) => Promise<EntryPage>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #return: ReturnType<typeof setTimeout> | undefined;
  #shownVersion = 0;
  #isReadingBack = false;
  #isClosed = false;

  constructor(
    slug: string,
    parts: { readonly session: RoomLink; readonly readEntries: (wish: PageWish) => Promise<EntryPage> },
  ) {
    this.slug = slug;
    this.session = parts.session;
    this.#readEntries = parts.readEntries;
  }

  /** Whether one may moderate here. */
  get isModerator(): boolean {
    return this.you !== undefined && isAtLeast(this.you.role, "moderator");
  }

  /** Hears every entry of the log once and in order; answers how to stop. */
  hear(listener: (entry: Entry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Says something; false when it could not be taken. */
  say(kind: string, body: unknown, mediaMs?: number): boolean {
    return this.session.publish(this.slug, kind, body, mediaMs) !== undefined;
  }

  /** Sends a refused message once more, as a new one. */
  retry(cid: string): void {
    const line = this.lines.find(({ key }) => key === cid);
    if (line?.line !== "own") return;
    this.dismiss(cid);
    this.say(line.item.kind, line.item.body, line.item.mediaMs);
  }

  /** Gives up an own message that has no place yet. */
  dismiss(cid: string): void {
    this.session.cancel(cid);
    this.#chat.dismiss(cid);
    this.#flush();
  }

  /** Reads an older page of the archive; `before` runs right before the list changes. False when nothing came. */
  async readBack(before: () => void): Promise<boolean> {
    const oldest = this.#chat.oldest;
    if (this.isAtBeginning || !oldest) return false;
    const { entries, next } = await this.#readEntries({ before: oldest });
    before();
    this.#chat.prepend(entries);
    this.isAtBeginning = next === undefined;
    this.#flush();
    return entries.length > 0;
  }

  /** Whether the reader looks at the newest or reads back. */
  readingBack(isReadingBack: boolean): void {
    if (this.#isReadingBack === isReadingBack) return;
    this.#isReadingBack = isReadingBack;
    this.#soon();
  }

  /** Brings the newest lines back that were left out for older ones. */
  async toNewest(): Promise<void> {
    this.#isReadingBack = false;
    if (this.#chat.hasLeftOut) {
      const { entries } = await this.#readEntries({ limit: 100 });
      this.#chat.clear();
      this.#chat.prepend(entries);
    }
    this.isAtBeginning = false;
    this.#flush();
  }

  /** The message that another one answers, as far as it is known here. */
  quote(cid: string): { readonly name: string; readonly words: string } | undefined {
    const line = this.#chat.find(cid);
    if (!line || line.isGone) return undefined;
    const { body, from, kind } = line.entry;
    return { name: from.name, words: "text" in body ? String(body.text) : `[${kind}]` };
  }

  /** What one person has said here, newest first. */
  async saidBy(user: string): Promise<readonly Entry[]> {
    return (await this.#readEntries({ user, limit: 20 })).entries;
  }

  /** Takes what the connection tells of this room. */
  take(event: Exclude<ConnectionEvent, { readonly event: "status" }>): void {
    switch (event.event) {
      case "room":
        this.#entered(event.welcome);
        return;
      case "log":
        this.#change(event.change);
        return;
      case "outbox":
        // slow mode counts from the first message said under it
        if (this.modes.slowMs > 0 && event.change.change === "item" && event.change.item.state === "placed")
          this.saidAtMs = Date.now();
        this.#chat.outbox(event.change);
        this.#soon();
        return;
      case "state":
        this.#state(event.updates);
        return;
      case "modes":
        this.modes = event.modes;
        return;
      case "you":
        this.you = event.you;
        return;
      case "left":
        this.#left(event.why as Removed["why"], event.untilMs);
        return;
      case "fault":
        this.fault = event.code;
        return;
    }
  }

  /** Tries to enter again after having been kept out. */
  comeBack(): void {
    clearTimeout(this.#return);
    // a page opened while kept out was never let in, and so never put out
    if ((!this.removed && this.fault !== "banned") || this.#isClosed) return;
    if (this.session.status.at === "ended") void this.session.again();
    else this.session.rejoin(this.slug);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#return);
    clearTimeout(this.#timer);
    this.#listeners.clear();
  }

  #entered({ you, modes, pinned, state }: WelcomeRoom): void {
    this.you = you;
    this.modes = modes;
    this.pinned = pinned ?? undefined;
    this.fault = undefined;
    this.removed = undefined;
    this.isEntered = true;
    this.#state(state);
  }

  #left(why: Removed["why"], untilMs: number | undefined): void {
    this.removed = { why, ...(untilMs !== undefined && { untilMs }) };
    const afterMs = (untilMs ?? Number.POSITIVE_INFINITY) - Date.now() + SPARE_MS;
    if (afterMs < LONGEST_TIMER_MS) this.#return = setTimeout(() => this.comeBack(), afterMs);
  }

  #change(change: LogChange): void {
    this.#chat.change(change);
    this.#soon();
    if (change.change !== "add") return;
    const { entry } = change;
    if (entry.kind === "pin") this.pinned = { cid: entry.cid, ...entry.body };
    else if (entry.kind === "unpin") this.pinned = undefined;
    else if (entry.kind === "act" && entry.body.act === "restore") void this.#refill(entry.body.cid);
    for (const listener of this.#listeners) listener(entry);
  }

  /** The body of an entry that came here withdrawn and is brought back. */
  async #refill(cid: string): Promise<void> {
    const line = this.#chat.find(cid);
    if (line?.entry.kind !== "gone") return;
    const { gen, seq } = line.entry;
    const page = await this.#readEntries({ before: { gen, seq: seq + 1 }, limit: 1 }).catch(() => undefined);
    const entry = page?.entries.find((found) => found.cid === cid);
    if (!entry) return;
    this.#chat.refill(entry);
    this.#soon();
  }

  #state(updates: readonly StateUpdate[]): void {
    for (const { key, value } of updates) {
      const count = (value as { readonly count?: number } | null)?.count;
      if (key === "viewers") this.viewers = count;
      else if (key === "likes") this.likes = count;
    }
  }

  #soon(): void {
    if (this.#timer !== undefined || this.#isClosed) return;
    this.#timer = setTimeout(() => this.#flush(), FLUSH_MS);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#chat.trim(this.#isReadingBack);
    if (this.#chat.version === this.#shownVersion) return;
    this.#shownVersion = this.#chat.version;
    this.lines = this.#chat.lines;
  }
}
