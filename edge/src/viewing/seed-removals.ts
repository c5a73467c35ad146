import type { RoomLog } from "../room/room-log.ts";
import type { Rooms, StoredRoom } from "../rooms/rooms.ts";

const BATCH = 200;

/** Everybody banned or kicked by the rooms' own state: what a Redis that has lost its memory is filled from. */
export async function seedRemovals(parts: {
  readonly rooms: Rooms;
  readonly log: Pick<RoomLog, "state">;
}): Promise<{ room: string; subject: string; untilMs: number }[]> {
  const { rooms, log } = parts;
  const found: { room: string; subject: string; untilMs: number }[] = [];
  for await (const { id, slug } of allRooms(rooms)) {
    for (const [subject, { bannedUntilMs }] of (await log.state(id)).standings) {
      if (bannedUntilMs !== undefined) found.push({ room: slug, subject, untilMs: bannedUntilMs });
    }
  }
  return found;
}

async function* allRooms(rooms: Rooms): AsyncGenerator<StoredRoom> {
  for (let afterId = ""; ; ) {
    const batch = await rooms.batch({ afterId, limit: BATCH });
    yield* batch;
    const last = batch.at(-1);
    if (batch.length < BATCH || !last) return;
    afterId = last.id;
  }
}
