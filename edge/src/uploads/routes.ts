import { createReadStream } from "node:fs";
import type { FastifyRequest } from "fastify";
import { Type } from "typebox";
import { ProblemError } from "../errors.ts";
import { answers, SIGNED_IN } from "../http/answers.ts";
import type { App } from "../http/create-app.ts";
import type { RouteLimits } from "../http/rate-limits.ts";
import { slugSchema } from "../protocol/api.ts";
import { uploadSchema } from "../protocol/moderation.ts";
import { isAtLeast, type Role } from "../protocol/room/roles.ts";
import type { RoomLog } from "../room/room-log.ts";
import type { Rooms, StoredRoom } from "../rooms/rooms.ts";
import { createBodySlots } from "./body-slots.ts";
import { examine, MAX_UPLOAD_BYTES } from "./examine.ts";
import type { Uploads } from "./uploads.ts";

/** Uploads decoded at once in this process; others are asked to come back. */
const MAX_AT_ONCE = 4;
/** Bodies being received; slow senders of one account cannot take the places of all. */
const MAX_BODIES = { altogether: 16, ofOne: 4 } as const;
const BUSY_RETRY_MS = 2_000;
const QUOTA_RETRY_MS = 3_600_000;
const OCTETS = "application/octet-stream";
const tags = ["uploads"];
const kinds = Type.Union([Type.Literal("image"), Type.Literal("voice"), Type.Literal("file")]);
const LEAST: Record<"image" | "voice" | "file", Role> = { image: "viewer", voice: "viewer", file: "moderator" };

/** Routes of uploads: bring one, and get it back by a signed address. */
export function uploadRoutes(
  app: App,
  parts: {
    readonly uploads: Uploads;
    readonly rooms: Pick<Rooms, "bySlug">;
    readonly log: Pick<RoomLog, "state" | "standing">;
    readonly limits: RouteLimits;
    readonly nowMs: () => number;
    readonly uploaderOf: (
      request: FastifyRequest,
      room: StoredRoom,
    ) => Promise<{ readonly id: string; readonly role: Role }>;
  },
): void {
  const { uploads, rooms, log, limits, nowMs, uploaderOf } = parts;
  const slots = createBodySlots(MAX_BODIES);
  let underWay = 0;
  app.addContentTypeParser(OCTETS, { parseAs: "buffer", bodyLimit: MAX_UPLOAD_BYTES.file }, (_request, body, done) =>
    done(null, body),
  );

  app.post(
    "/api/v1/rooms/:slug/uploads",
    {
      config: { rateLimit: limits.write },
      bodyLimit: MAX_UPLOAD_BYTES.file,
      // before the body is read: who may not bring it costs no memory
      onRequest: async (request, reply) => {
        const room = await rooms.bySlug(request.params.slug);
        if (!room) throw new ProblemError("room-not-found");
        const giveBack = slots.take((await uploaderOf(request, room)).id);
        if (!giveBack) throw new ProblemError("overloaded", { retryAfterMs: BUSY_RETRY_MS });
        // who has gone meanwhile has closed already, and would keep the place for ever
        if (reply.raw.destroyed) giveBack();
        else reply.raw.once("close", giveBack);
      },
      schema: {
        summary: "Bring a picture, voice note or file for a message",
        description: `The bytes as ${OCTETS}; what they are is seen from them. Pictures are written anew without their metadata. Say it within an hour.`,
        tags,
        security: SIGNED_IN,
        params: Type.Object({ slug: slugSchema }),
        querystring: Type.Object({ kind: kinds }),
        response: answers({ 201: uploadSchema }),
      },
    },
    async (request, reply) => {
      const { kind } = request.query;
      const room = await rooms.bySlug(request.params.slug);
      if (!room) throw new ProblemError("room-not-found");
      const { id: ownerId, role } = await uploaderOf(request, room);
      await checkAllowed(room, ownerId, role, kind);
      if (!Buffer.isBuffer(request.body)) throw new ProblemError("unsupported-media-type");
      if (underWay >= MAX_AT_ONCE) throw new ProblemError("overloaded", { retryAfterMs: BUSY_RETRY_MS });
      underWay += 1;
      try {
        const content = await examine(kind, request.body);
        if (!content) throw new ProblemError("upload-unfit");
        const kept = await uploads.keep({ roomId: room.id, ownerId, kind }, content);
        if (kept === "quota") throw new ProblemError("quota-reached", { retryAfterMs: QUOTA_RETRY_MS });
        const { ownerId: _owner, roomId: _room, ...described } = kept;
        return reply.code(201).send({ ...described, url: uploads.sign(kept.id) });
      } finally {
        underWay -= 1;
      }
    },
  );

  async function checkAllowed(room: StoredRoom, userId: string, role: Role, kind: "image" | "voice" | "file") {
    const { mutedUntilMs = 0, bannedUntilMs = 0 } = await log.standing(room.id, userId);
    if (bannedUntilMs > nowMs()) throw new ProblemError("banned");
    if (mutedUntilMs > nowMs()) throw new ProblemError("muted");
    const { modes } = await log.state(room.id);
    const open = modes.media || isAtLeast(role, "moderator");
    if (!open || !isAtLeast(role, LEAST[kind])) throw new ProblemError("upload-refused");
  }

  app.get(
    "/api/v1/rooms/by-id/:room/uploads/:id",
    {
      schema: {
        summary: "Go to an upload of a room",
        description: "Redirects to an address that works for a quarter of an hour.",
        tags,
        params: Type.Object({ room: Type.String({ maxLength: 64 }), id: Type.String({ maxLength: 64 }) }),
        response: answers({ 302: Type.Null({ description: "There it is" }) }),
      },
    },
    async (request, reply) => {
      const { room, id } = request.params;
      if (!uploads.find(room, id)) throw new ProblemError("upload-not-found");
      return reply.header("cache-control", "private, max-age=300").redirect(uploads.sign(id), 302);
    },
  );
  app.get(
    "/api/v1/uploads/:id",
    {
      schema: {
        summary: "The bytes of an upload",
        tags,
        params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
        querystring: Type.Object({ e: Type.String({ maxLength: 20 }), s: Type.String({ maxLength: 40 }) }),
        response: answers({ 200: Type.Unknown({ description: "The bytes" }) }),
      },
    },
    async (request, reply) => {
      const { e, s } = request.query;
      const found = uploads.open(request.params.id, e, s);
      if (!found) throw new ProblemError("upload-not-found");
      const { path, upload } = found;
      reply.headers({
        "content-type": upload.type,
        "content-length": upload.sizeBytes,
        "cache-control": "private, max-age=900, immutable",
        // never a page of this site, whatever it holds
        "content-disposition": upload.kind === "file" ? "attachment" : "inline",
        "content-security-policy": "default-src 'none'; sandbox",
        "cross-origin-resource-policy": "same-origin",
      });
      return reply.send(createReadStream(path));
    },
  );
}
