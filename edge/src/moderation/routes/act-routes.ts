import { Type } from "typebox";
import { ProblemError } from "../../errors.ts";
import { answers, nothing } from "../../http/answers.ts";
import type { Projection } from "../../keys/project.ts";
import {
  actDoneSchema,
  actRequestSchema,
  moderationStateSchema,
  modesChangeSchema,
  pinRequestSchema,
  reasonSchema,
} from "../../protocol/moderation.ts";
import type { RoomLog } from "../../room/room-log.ts";
import type { Acts } from "../acts/acts.ts";
import { describeState, type StateParts } from "../describe-state.ts";
import { moderated, type RouteParts, roomParams } from "./access.ts";

const REDIS_RETRY_MS = 1_000;
const stopSchema = Type.Object(
  { reason: reasonSchema, note: Type.Optional(Type.String({ maxLength: 500 })) },
  { additionalProperties: false },
);
const undoSchema = Type.Object({ auditId: Type.Integer({ minimum: 1 }) }, { additionalProperties: false });

/** Routes of acts: on people and messages, modes, pin, undo, and the admin's stop. */
export function actRoutes(
  { app, access, limits }: RouteParts,
  parts: StateParts & { readonly acts: Acts; readonly log: RoomLog; readonly projection: Projection },
): void {
  const { acts, projection } = parts;
  const base = "/api/v1/rooms/:slug/moderation";
  const write = { rateLimit: limits.write };
  const written = { ...moderated, params: roomParams, response: answers({ 200: actDoneSchema }) };

  app.get(
    base,
    {
      schema: {
        ...moderated,
        summary: "A room as its moderators see it",
        params: roomParams,
        response: answers({ 200: moderationStateSchema }),
      },
    },
    async (request, reply) => {
      const { room, by } = await access(request, request.params.slug, "moderator");
      reply.header("cache-control", "no-store");
      return describeState(room, by, parts);
    },
  );
  app.post(
    `${base}/acts`,
    {
      config: write,
      schema: {
        ...written,
        summary: "Act on a person or a message",
        description: "Recorded in the audit before it takes effect; in force when it is answered.",
        body: actRequestSchema,
      },
    },
    async (request) => {
      const { room, by } = await access(request, request.params.slug, "moderator");
      return acts.perform(room, by, request.body);
    },
  );
  app.post(
    `${base}/undo`,
    { config: write, schema: { ...written, summary: "Take an act back", body: undoSchema } },
    async (request) => {
      const { room, by } = await access(request, request.params.slug, "moderator");
      return acts.undo(room, by, request.body.auditId);
    },
  );
  app.patch(
    `${base}/modes`,
    { config: write, schema: { ...written, summary: "Change the room's modes", body: modesChangeSchema } },
    async (request) => {
      const { room, by } = await access(request, request.params.slug, "moderator");
      return acts.changeModes(room, by, request.body);
    },
  );
  app.put(
    `${base}/pin`,
    { config: write, schema: { ...written, summary: "Pin a notice", body: pinRequestSchema } },
    async (request) => {
      const { room, by } = await access(request, request.params.slug, "moderator");
      return acts.pin(room, by, request.body);
    },
  );
  app.delete(
    `${base}/pin`,
    { config: write, schema: { ...written, summary: "Take the pinned notice away" } },
    async (request) => {
      const { room, by } = await access(request, request.params.slug, "moderator");
      return acts.unpin(room, by);
    },
  );
  app.post(
    `${base}/stop`,
    {
      config: write,
      schema: {
        ...moderated,
        summary: "Stop the broadcast (admins)",
        params: roomParams,
        body: stopSchema,
        response: answers({ 204: nothing }),
      },
    },
    async (request, reply) => {
      const { room, by } = await access(request, request.params.slug, "admin");
      const { reason, note = "" } = request.body;
      const fact = { actor: by, act: "stop", roomId: room.id, subject: { id: room.host.id, name: room.host.name } };
      await acts.recorded({ ...fact, reason, note, detail: { slug: room.slug } }, async () => {
        const why = `stopped by an admin: ${reason}`;
        const sent = await projection.command({
          ingest: { kind: "end-room", room: room.slug, reason: why },
          transcode: { kind: "end-program", room: room.slug, reason: why },
        });
        if (!sent) throw new ProblemError("redis-away", { retryAfterMs: REDIS_RETRY_MS });
      });
      return reply.code(204).send(null);
    },
  );
}
