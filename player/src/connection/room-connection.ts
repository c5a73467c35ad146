/** Drives a {@link ConnectionCore} with real sockets, timers, storage and tokens. */
import { ConnectionCore } from "./connection-core.ts";
import type { ConnectionEvent, Effect } from "./connection-events.ts";
import { newCid } from "./new-cid.ts";
import { openEvents, openWebSocket, type Transport } from "./open-transport.ts";
import type { OutboxItem } from "./outbox.ts";
import type { OutboxStore } from "./outbox-store.ts";

const TICK_MS = 50;

/** What a connection needs from around it. */
export interface ConnectionOptions {
  /** Origin of the edge. */
  readonly base: string;
  readonly rooms: readonly string[];
  /** Gets a room token; called again before it ends. */
  readonly token: () => Promise<{ readonly token: string; readonly untilMs: number }>;
  readonly store: OutboxStore;
  readonly onEvent: (event: ConnectionEvent) => void;
  /** What an earlier visit has left and cannot be sent again without asking. */
  readonly onLeftOver?: (items: readonly OutboxItem[]) => void;
  readonly random?: () => number;
  /** For fault runs; see Outbox. */
  readonly forgetOnAck?: boolean;
}

/** A running connection; reconnects by itself until closed. */
export class RoomConnection {
  readonly #core: ConnectionCore;
  readonly #options: ConnectionOptions;
  readonly #timer: ReturnType<typeof setInterval>;
  #transport: Transport | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const { rooms, random = Math.random, forgetOnAck } = options;
    this.#core = new ConnectionCore({ rooms, random, ...(forgetOnAck !== undefined && { forgetOnAck }) });
    void this.#restore();
    this.#timer = setInterval(() => this.#step(() => this.#core.tick(Date.now())), TICK_MS);
  }

  /** Items that are not durable yet, oldest first. */
  get outbox(): readonly OutboxItem[] {
    return this.#core.outbox.items;
  }

  /** Says something; answers its id, undefined when too much is on the way. */
  publish(room: string, kind: string, body: unknown, mediaMs?: number): string | undefined {
    const cid = newCid();
    const item = { cid, room, kind, body, writtenMs: Date.now(), ...(mediaMs !== undefined && { mediaMs }) };
    let isTaken = false;
    this.#step(() => {
      isTaken = this.#core.publish(item, Date.now());
    });
    return isTaken ? cid : undefined;
  }

  /** Takes back a message that has no place yet. */
  cancel(cid: string): boolean {
    const isBack = this.#core.outbox.cancel(cid);
    if (isBack) this.#options.store.remove(cid);
    return isBack;
  }

  like(room: string, count: number): void {
    this.#step(() => this.#core.like(room, count));
  }

  join(room: string): void {
    this.#step(() => this.#core.join(room));
  }

  leave(room: string): void {
    this.#step(() => this.#core.leave(room));
  }

  /** Tries to connect at once. */
  hurry(): void {
    this.#step(() => this.#core.hurry());
  }

  /** Cuts the transport, as a broken network does; for tests. */
  cut(): void {
    this.#transport?.close();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#step(() => this.#core.end());
  }

  async #restore(): Promise<void> {
    const kept = await this.#options.store.load();
    let left: readonly OutboxItem[] = [];
    this.#step(() => {
      left = this.#core.outbox.restore(kept, Date.now());
    });
    for (const { cid } of left) this.#options.store.remove(cid);
    if (left.length > 0) this.#options.onLeftOver?.(left);
  }

  #step(work: () => void): void {
    work();
    for (let effects = this.#core.take(); effects.length > 0; effects = this.#core.take()) {
      for (const effect of effects) this.#carryOut(effect);
    }
  }

  #carryOut(effect: Effect): void {
    switch (effect.do) {
      case "connect":
        this.#connect(effect.by);
        return;
      case "disconnect":
        this.#transport?.close();
        this.#transport = undefined;
        return;
      case "send":
        this.#transport?.send(effect.frame);
        return;
      case "token":
        this.#options.token().then(
          ({ token, untilMs }) => this.#step(() => this.#core.gotToken(token, untilMs, Date.now())),
          () => this.#step(() => this.#core.noToken(Date.now())),
        );
        return;
      case "tell":
        this.#keep(effect.event);
        this.#options.onEvent(effect.event);
        return;
    }
  }

  #connect(by: "websocket" | "events"): void {
    this.#transport?.close();
    const open = by === "websocket" ? openWebSocket : openEvents;
    const transport: Transport = open(this.#options.base, {
      opened: () => this.#ifCurrent(transport, () => this.#core.opened(Date.now())),
      received: (frame) => this.#ifCurrent(transport, () => this.#core.received(frame, Date.now())),
      closed: (code) =>
        this.#ifCurrent(transport, () => {
          this.#transport = undefined;
          this.#core.closed(code, Date.now());
        }),
    });
    this.#transport = transport;
  }

  /** An old transport's last words must not be taken for the new one's. */
  #ifCurrent(transport: Transport, work: () => void): void {
    if (this.#transport === transport) this.#step(work);
  }

  #keep(event: ConnectionEvent): void {
    if (event.event !== "outbox") return;
    const { change } = event;
    if (change.change === "item") this.#options.store.put(change.item);
    else this.#options.store.remove(change.item.cid);
  }
}
