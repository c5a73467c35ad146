import { randomUUID } from "node:crypto";
import type { Redis } from "@lianmai/process";
import { type Static, Type } from "typebox";
import { Compile } from "typebox/compile";

/** A message that was tried, as much of it as the watch for raids looks at. */
export interface Sighting {
  readonly userId: string;
  readonly known: boolean;
  readonly text: string;
}

const CHANNEL = "edge:raid-sightings";
const SEND_EVERY_MS = 500;
/** Sightings of one room in one sending, and rooms; what is more is seen by this edge alone. */
const MAX_SIGHTINGS = 200;
const MAX_ROOMS = 200;

const newsSchema = Type.Object({
  node: Type.String(),
  rooms: Type.Array(
    Type.Object({
      room: Type.String(),
      seen: Type.Array(Type.Object({ userId: Type.String(), known: Type.Boolean(), text: Type.String() })),
    }),
  ),
});
const news = Compile(newsSchema);

/** Tells the other edges what is tried here, and hears of them: a raid that is spread over edges looks like one. */
export function shareRaids(parts: {
  readonly redis: Redis;
  readonly subscriber: Redis;
  /** Called with what was tried at another edge. */
  readonly onSighting: (roomId: string, sighting: Sighting) => void;
}): { note(roomId: string, sighting: Sighting): void; stop(): void } {
  const { redis, subscriber, onSighting } = parts;
  const node = randomUUID();
  const pending = new Map<string, Sighting[]>();
  const heard = (channel: string, text: string) => {
    const told = channel === CHANNEL ? readNews(text) : undefined;
    if (!told || told.node === node) return;
    for (const { room, seen } of told.rooms) for (const sighting of seen) onSighting(room, sighting);
  };
  const timer = setInterval(() => {
    if (pending.size === 0) return;
    const rooms = [...pending].map(([room, seen]) => ({ room, seen }));
    pending.clear();
    redis.publish(CHANNEL, JSON.stringify({ node, rooms })).catch(() => undefined);
  }, SEND_EVERY_MS).unref();
  subscriber.on("message", heard);
  void subscriber.subscribe(CHANNEL).catch(() => undefined);
  return {
    note(roomId, sighting) {
      const seen = pending.get(roomId) ?? [];
      if (seen.length >= MAX_SIGHTINGS || (seen.length === 0 && pending.size >= MAX_ROOMS)) return;
      pending.set(roomId, [...seen, { ...sighting, text: sighting.text.slice(0, 200) }]);
    },
    stop() {
      clearInterval(timer);
      subscriber.off("message", heard);
    },
  };
}

function readNews(text: string): Static<typeof newsSchema> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return news.Check(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
