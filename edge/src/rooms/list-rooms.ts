import type { ProgramRecord } from "@lianmai/transcode/contract";
import { ProblemError } from "../errors.ts";
import type { RoomPosition, Rooms, StoredRoom } from "./rooms.ts";

/** A page of rooms and where the next one starts. */
export interface RoomPage {
  readonly rooms: readonly StoredRoom[];
  readonly nextCursor: string | null;
}

interface Sources {
  readonly rooms: Rooms;
  /** Programs on air, newest first. */
  readonly onAir: readonly ProgramRecord[];
}

/** Where a page starts: among the rooms on air (by the start of their program) or among the others. */
type Cursor =
  | { readonly in: "air"; readonly startedAtMs: number; readonly room: string }
  | { readonly in: "rest"; readonly after?: RoomPosition };

/**
 * One page: rooms on air first, newest program first, then the others, newest room first.
 * A room that goes on or off air between two pages may show twice or not at all.
 * Throws `bad-request` for a cursor that is not ours.
 */
export async function listRooms(
  sources: Sources,
  options: { readonly cursor: string | undefined; readonly limit: number; readonly liveOnly: boolean },
): Promise<RoomPage> {
  const { limit, liveOnly } = options;
  const cursor: Cursor | undefined = options.cursor === undefined ? undefined : readCursor(options.cursor);
  if (cursor?.in === "rest") return liveOnly ? page([], undefined) : listRest(sources, cursor.after, limit);
  const onAir = await listOnAir(sources, cursor, limit);
  if (onAir.nextCursor !== null || liveOnly) return onAir;
  const rest = await listRest(sources, undefined, limit - onAir.rooms.length);
  return { rooms: [...onAir.rooms, ...rest.rooms], nextCursor: rest.nextCursor };
}

/** Rooms on air after `cursor`; a full page has a next one, which may be empty. */
async function listOnAir(
  { rooms, onAir }: Sources,
  cursor: Extract<Cursor, { in: "air" }> | undefined,
  limit: number,
): Promise<RoomPage> {
  const found: StoredRoom[] = [];
  for (const program of onAir.filter((candidate) => !cursor || isAfter(candidate, cursor))) {
    const room = await rooms.bySlug(program.room);
    if (!room) continue;
    found.push(room);
    if (found.length === limit) return page(found, { in: "air", startedAtMs: program.startedAtMs, room: program.room });
  }
  return page(found, undefined);
}

/** Rooms that are not on air, after a position. */
async function listRest({ rooms, onAir }: Sources, start: RoomPosition | undefined, limit: number): Promise<RoomPage> {
  const airing = new Set(onAir.map(({ room }) => room));
  const found: StoredRoom[] = [];
  let after = start;
  while (found.length < limit) {
    const wanted = limit - found.length;
    const batch = await rooms.page({ ...(after && { after }), limit: wanted });
    found.push(...batch.filter(({ slug }) => !airing.has(slug)));
    const last = batch.at(-1);
    if (!last || batch.length < wanted) return page(found, undefined);
    after = { createdAtMs: last.createdAtMs, id: last.id };
  }
  return page(found, { in: "rest", ...(after && { after }) });
}

const page = (rooms: readonly StoredRoom[], next: Cursor | undefined): RoomPage => ({
  rooms,
  nextCursor: next ? writeCursor(next) : null,
});

const isAfter = ({ startedAtMs, room }: ProgramRecord, cursor: Extract<Cursor, { in: "air" }>): boolean =>
  startedAtMs < cursor.startedAtMs || (startedAtMs === cursor.startedAtMs && room > cursor.room);

const writeCursor = (cursor: Cursor): string =>
  Buffer.from(
    JSON.stringify(
      cursor.in === "air"
        ? ["air", cursor.startedAtMs, cursor.room]
        : ["rest", ...(cursor.after ? [cursor.after.createdAtMs, cursor.after.id] : [])],
    ),
  ).toString("base64url");

function readCursor(text: string): Cursor {
  const value = readArray(text);
  const [kind, time, id] = value ?? [];
  if (value?.length === 1 && kind === "rest") return { in: "rest" };
  if (typeof time === "number" && Number.isSafeInteger(time) && typeof id === "string") {
    if (kind === "rest") return { in: "rest", after: { createdAtMs: time, id } };
    if (kind === "air") return { in: "air", startedAtMs: time, room: id };
  }
  throw new ProblemError("bad-request", { detail: "The cursor is not one of ours." });
}

function readArray(text: string): unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, "base64url").toString());
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
