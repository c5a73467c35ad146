import type { FastifyRequest } from "fastify";
import { type Static, Type } from "typebox";
import { ProblemError } from "../../errors.ts";
import { answers } from "../../http/answers.ts";
import type { Authenticate } from "../../http/authenticate.ts";
import type { App } from "../../http/create-app.ts";
import { slugSchema } from "../../protocol/api.ts";
import type { Position } from "../../protocol/room/entry.ts";
import type { HostAccess } from "../../rooms/access.ts";
import type { Rooms, StoredRoom } from "../../rooms/rooms.ts";
import { keep } from "../log/kept-entry.ts";
import { parsePosition, streamId } from "../log/positions.ts";
import type { RoomLog } from "../room-log.ts";
import type { Archive, ArchivedEntry } from "./archive.ts";
import { exportRows } from "./export-rows.ts";

const tags = ["room"];
const MAX_PAGE = 200;
const END: Position = { gen: Number.MAX_SAFE_INTEGER, seq: 0 };

const page = Type.Object({
  entries: Type.Array(Type.Unknown(), { description: "Entries as in the protocol, with `gen`; newest first" }),
  next: Type.Union([Type.String(), Type.Null()], { description: "Goes into `before`; null at the beginning" }),
});
const query = Type.Object({
  before: Type.Optional(Type.String({ maxLength: 40 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PAGE })),
  words: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  user: Type.Optional(Type.String({ minLength: 1, maxLength: 160 })),
});

/** Scroll-back and search for whoever may read a room, exports for its host. */
export function historyRoutes(
  app: App,
  parts: {
    readonly archive: Archive;
    readonly log: Pick<RoomLog, "state">;
    readonly rooms: Pick<Rooms, "bySlug">;
    readonly authenticate: Authenticate;
    readonly hostAccess: HostAccess;
  },
): void {
  const { archive, log, rooms, authenticate, hostAccess } = parts;
  const params = Type.Object({ slug: slugSchema });
  /** The room, if whoever asks may read it: a room closed to guests wants an account that is not banned. */
  const readable = async (request: FastifyRequest, slug: string): Promise<StoredRoom> => {
    const room = await rooms.bySlug(slug);
    if (!room) throw new ProblemError("room-not-found");
    const { modes, standings } = await log.state(room.id);
    const signedIn = await authenticate.optional(request);
    if (!signedIn && modes.guests === "none") throw new ProblemError("not-signed-in");
    const until = (signedIn && standings.get(signedIn.user.id)?.bannedUntilMs) ?? 0;
    if (until > Date.now()) throw new ProblemError("not-allowed");
    return room;
  };
  app.get(
    "/api/v1/rooms/:slug/entries",
    {
      schema: {
        summary: "Read or search a room's archive, newest first",
        description: "`words` are searched in any order, Chinese by pairs of characters. `before` is GEN-SEQ.",
        ...{ tags, params, querystring: query, response: answers({ 200: page }) },
      },
    },
    async (request, reply) => {
      const room = await readable(request, request.params.slug);
      reply.header("cache-control", "no-store");
      return pageOf(archive, room.id, request.query);
    },
  );
  app.get(
    "/api/v1/rooms/:slug/entries/export",
    {
      schema: {
        summary: "Export a room's archive as JSON lines or CSV, oldest first",
        ...{ tags, params },
        querystring: Type.Object({ format: Type.Union([Type.Literal("jsonl"), Type.Literal("csv")]) }),
        response: answers({ 200: Type.String({ description: "application/jsonl or text/csv" }) }),
      },
    },
    async (request, reply) => {
      const { room } = await hostAccess(request, request.params.slug);
      const { format } = request.query;
      reply.type(format === "csv" ? "text/csv; charset=utf-8" : "application/jsonl; charset=utf-8");
      reply.header("content-disposition", `attachment; filename="${room.slug}.${format}"`);
      return reply.send(exportRows(archive, room.id, format) as never);
    },
  );
}

async function pageOf(archive: Archive, roomId: string, asked: Static<typeof query>) {
  const at = asked.before === undefined ? END : parsePosition(asked.before);
  if (!at) throw new ProblemError("bad-request", { detail: "`before` is not GEN-SEQ." });
  const { limit = 50, words, user } = asked;
  const selection = { ...(words !== undefined && { words }), ...(user !== undefined && { userId: user }) };
  const found = await archive.before(roomId, at, { limit, selection });
  const last = found.at(-1);
  return { entries: found.map(told), next: last && found.length === limit ? streamId(last) : null };
}

const told = (entry: ArchivedEntry): unknown => ({ gen: entry.gen, ...JSON.parse(keep(entry).wire) });
