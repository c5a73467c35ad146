import { Type } from "typebox";
import { ProblemError } from "../../errors.ts";
import { answers } from "../../http/answers.ts";
import type { Authenticate } from "../../http/authenticate.ts";
import { auditListSchema } from "../../protocol/moderation.ts";
import type { AuditLog } from "../audit/audit-log.ts";
import type { AuditEntry } from "../audit/chain.ts";
import { moderated, type RouteParts, roomParams } from "./access.ts";

const PAGE = 50;
const querystring = Type.Object({
  before: Type.Optional(Type.Integer({ minimum: 1 })),
  subject: Type.Optional(Type.String({ maxLength: 160 })),
  actor: Type.Optional(Type.String({ maxLength: 160 })),
});

/** An entry for the API. */
export const describeEntry = ({ previous: _previous, ...entry }: AuditEntry) => ({
  ...entry,
  detail: { ...entry.detail },
});

/** Routes that read the audit: a room's for its moderators, the whole for admins. */
export function auditRoutes(
  { app, access }: RouteParts,
  parts: { readonly audit: AuditLog; readonly authenticate: Authenticate },
): void {
  const { audit, authenticate } = parts;
  const schema = { ...moderated, querystring, response: answers({ 200: auditListSchema }) };
  const read = (query: { before?: number; subject?: string; actor?: string }, roomId?: string) => ({
    entries: audit
      .list({
        limit: PAGE,
        ...(roomId !== undefined && { roomId }),
        ...(query.before !== undefined && { before: query.before }),
        ...(query.subject !== undefined && { subjectId: query.subject }),
        ...(query.actor !== undefined && { actorId: query.actor }),
      })
      .map(describeEntry),
  });
  app.get(
    "/api/v1/rooms/:slug/moderation/audit",
    { schema: { ...schema, summary: "A room's audit, newest first", params: roomParams } },
    async (request, reply) => {
      const { room } = await access(request, request.params.slug, "moderator");
      reply.header("cache-control", "no-store");
      return read(request.query, room.id);
    },
  );
  app.get(
    "/api/v1/moderation/audit",
    { schema: { ...schema, summary: "The whole audit, newest first (admins)" } },
    async (request, reply) => {
      const { user } = await authenticate.required(request);
      if (user.role !== "admin") throw new ProblemError("not-allowed");
      reply.header("cache-control", "no-store");
      return read(request.query);
    },
  );
}
