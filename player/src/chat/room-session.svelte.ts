/** A page's one connection to the edge, and the rooms it is in. Chat, gifts and the console share it. */
import type { ConnectionEvent, Status } from "../connection/connection-events.ts";
import type { OutboxItem } from "../connection/outbox.ts";
import { browserOutbox, type OutboxStore } from "../connection/outbox-store.ts";
import { RoomConnection } from "../connection/room-connection.ts";
import { type Identity, identityKey, outboxName, roomToken } from "./identity.ts";
import { OpenRoom } from "./open-room.svelte.ts";
import { readEntries } from "./read-entries.ts";

/** What a session needs from around it; all has a default in a browser. */
export interface SessionParts {
  readonly base?: string;
  readonly store?: (name: string) => Promise<OutboxStore>;
}

export class RoomSession {
  /** Where the connection stands. */
  status = $state.raw<Status>({ at: "connecting" });
  /** Messages of an earlier visit that are too old to be sent unasked. */
  leftOver = $state.raw<readonly OutboxItem[]>([]);
  identity = $state.raw<Identity>();
  readonly #parts: SessionParts;
  readonly #rooms = new Map<string, OpenRoom>();
  #connection: RoomConnection | undefined;
  /** Counts identities: what an old connection still tells is not heard. */
  #turn = 0;

  constructor(parts: SessionParts = {}) {
    this.#parts = parts;
  }

  /** Enters a room; the same room again is the same object. */
  open(slug: string): OpenRoom {
    const known = this.#rooms.get(slug);
    if (known) return known;
    const room = new OpenRoom(slug, {
      session: this,
      readEntries: (page) => readEntries(slug, page),
    });
    this.#rooms.set(slug, room);
    this.#connection?.join(slug);
    return room;
  }

  leave(slug: string): void {
    this.#rooms.get(slug)?.close();
    this.#rooms.delete(slug);
    this.#connection?.leave(slug);
  }

  /** Connects as somebody; the same person again changes nothing. */
  async use(identity: Identity): Promise<void> {
    if (this.identity && identityKey(this.identity) === identityKey(identity) && this.status.at !== "ended") return;
    this.#turn += 1;
    const turn = this.#turn;
    this.#connection?.close();
    this.#connection = undefined;
    this.identity = identity;
    this.status = { at: "connecting" };
    const store = await (this.#parts.store ?? browserOutbox)(outboxName(identity));
    if (turn !== this.#turn) return;
    this.#connection = new RoomConnection({
      base: this.#parts.base ?? location.origin,
      rooms: [...this.#rooms.keys()],
      store,
      token: () => roomToken(identity),
      onEvent: (event) => {
        if (turn === this.#turn) this.#hear(event);
      },
      onLeftOver: (items) => {
        if (turn === this.#turn) this.leftOver = items;
      },
    });
  }

  /** Connects anew after the connection has ended, e.g. when a kick is over. */
  async again(): Promise<void> {
    if (this.identity && this.status.at === "ended") await this.use(this.identity);
  }

  /** Enters a room anew, so that the edge looks again at who one is there. */
  rejoin(slug: string): void {
    this.#connection?.join(slug);
  }

  /** Says something; its id, undefined when too much is on its way or nobody is connected yet. */
  publish(room: string, kind: string, body: unknown, mediaMs?: number): string | undefined {
    return this.#connection?.publish(room, kind, body, mediaMs);
  }

  /** Takes back what has no place yet. */
  cancel(cid: string): boolean {
    return this.#connection?.cancel(cid) ?? true;
  }

  like(room: string, count: number): void {
    this.#connection?.like(room, count);
  }

  /** Tries to connect at once. */
  hurry(): void {
    this.#connection?.hurry();
  }

  /** Sends what an earlier visit has left, or forgets it. */
  settleLeftOver(send: boolean): void {
    const items = this.leftOver;
    this.leftOver = [];
    if (send) for (const { room, kind, body } of items) this.publish(room, kind, body);
  }

  /** Cuts the transport, as a broken network does; for tests. */
  cut(): void {
    this.#connection?.cut();
  }

  close(): void {
    this.#turn += 1;
    this.#connection?.close();
    for (const room of this.#rooms.values()) room.close();
    this.#rooms.clear();
  }

  #hear(event: ConnectionEvent): void {
    if (event.event === "status") this.status = event.status;
    else if (event.event === "outbox") this.#rooms.get(event.change.item.room)?.take(event);
    else if (event.room !== undefined) this.#rooms.get(event.room)?.take(event);
  }
}
