import type { Redis } from "@lianmai/process";
import { type Bell, parseBell } from "./doorbell.ts";
import { DOORBELLS } from "./keys.ts";

/** What rings in all rooms, on one connection of its own; nothing is promised to arrive. */
export interface Doorbells {
  /** Calls `listener` with each bell of a room; answers how to stop. */
  listen(roomId: string, listener: (bell: Bell) => void): () => void;
  /** As {@link listen}, for every room. */
  listenAll(listener: (bell: Bell) => void): () => void;
  /** Calls `listener` after each (re)connect, when bells may have been missed. */
  onReady(listener: () => void): () => void;
}

/** Subscribes to the doorbells with `subscriber`, which must serve nothing else. */
export function createDoorbells(subscriber: Redis): Doorbells {
  const rooms = new Map<string, Set<(bell: Bell) => void>>();
  const all = new Set<(bell: Bell) => void>();
  const ready = new Set<() => void>();
  subscriber.on("pmessage", (_pattern: string, _channel: string, message: string) => {
    const bell = parseBell(message);
    if (!bell) return;
    for (const listener of rooms.get(bell.roomId) ?? []) listener(bell);
    for (const listener of all) listener(bell);
  });
  const announce = () => {
    for (const listener of ready) listener();
  };
  // resolves at the first connection; later ones subscribe again by themselves and only announce
  void subscriber.psubscribe(DOORBELLS).then(announce, () => undefined);
  subscriber.on("ready", announce);
  const add = <Listener>(listeners: Set<Listener>, listener: Listener) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  return {
    listen(roomId, listener) {
      const listeners = rooms.get(roomId) ?? new Set();
      rooms.set(roomId, listeners);
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0 && rooms.get(roomId) === listeners) rooms.delete(roomId);
      };
    },
    listenAll: (listener) => add(all, listener),
    onReady: (listener) => add(ready, listener),
  };
}
