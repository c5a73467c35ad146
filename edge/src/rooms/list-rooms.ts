import type { ProgramRecord } from "@lianmai/transcode/contract";
import { ProblemError } from "../errors.ts";
import type { RoomPosition, Rooms, StoredRoom } from "./rooms.ts";

/** A page of rooms and where the next one starts. */
export interface RoomPage {
  readonly rooms: readonly StoredRoom[];
  readonly nextCursor: string | null;
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
  sources: { readonly rooms: Rooms; readonly onAir: readonly ProgramRecord[] },
  options: { readonly cursor: string | undefined; readonly limit: number; readonly liveOnly: boolean },
): Promise<RoomPage> {
  const { rooms, onAir } = sources;
  const { limit, liveOnly } = options;
  const cursor: Cursor | undefined = options.cursor === undefined ? undefined : readCursor(options.cursor);
  const found: StoredRoom[] = [];
  if (cursor?.in !== "rest") {
    for (const program of onAir.filter((candidate) => !cursor || isAfter(candidate, cursor))) {
      const room = await rooms.bySlug(program.room);
      if (!room) continue;
      found.push(room);
      if (found.length === limit) {
        return page(found, { in: "air", startedAtMs: program.startedAtMs, room: program.room });
      }
    }
    if (liveOnly) return page(found, undefined);
  }
  const airing = new Set(onAir.map(({ room }) => room));
  let after = cursor?.in === "rest" ? cursor.after : undefined;
  while (!liveOnly && found.length < limit) {
    const wanted = limit - found.length;
    const batch = await rooms.page({ ...(after && { after }), limit: wanted });
    found.push(...batch.filter(({ slug }) => !airing.has(slug)));
    const last = batch.at(-1);
    if (!last || batch.length < wanted) return page(found, undefined);
    after = { createdAtMs: last.createdAtMs, id: last.id };
  }
  return page(found, liveOnly ? undefined : { in: "rest", ...(after && { after }) });
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
  try {
    const value: unknown = JSON.parse(Buffer.from(text, "base64url").toString());
    if (Array.isArray(value)) {
      const [kind, time, id]: unknown[] = value;
      if (kind === "rest" && value.length === 1) return { in: "rest" };
      if (typeof time === "number" && Number.isSafeInteger(time) && typeof id === "string") {
        if (kind === "rest") return { in: "rest", after: { createdAtMs: time, id } };
        if (kind === "air") return { in: "air", startedAtMs: time, room: id };
      }
    }
  } catch (error) {
    throw new ProblemError("bad-request", { detail: "the cursor is not one of ours" }, { cause: error });
  }
  throw new ProblemError("bad-request", { detail: "the cursor is not one of ours" });
}
