import type { FastifyRequest } from "fastify";
import { Type } from "typebox";
import { ProblemError } from "../../errors.ts";
import { answers, nothing } from "../../http/answers.ts";
import {
  holdDecisionSchema,
  holdListSchema,
  type ReportRequest,
  reportDecisionSchema,
  reportListSchema,
  reportRequestSchema,
} from "../../protocol/moderation.ts";
import type { RoomLog } from "../../room/room-log.ts";
import type { Rooms, StoredRoom } from "../../rooms/rooms.ts";
import type { Actor, Acts } from "../acts/acts.ts";
import { textOf } from "../admission.ts";
import type { HeldDraft, Holds } from "../store/holds.ts";
import type { Reports } from "../store/reports.ts";
import { itemParams, moderated, type RouteParts, roomParams } from "./access.ts";

const PAGE = 100;
const EXCERPT_LENGTH = 300;
const holdStates = Type.Object({
  state: Type.Optional(Type.Union([Type.Literal("waiting"), Type.Literal("approved"), Type.Literal("rejected")])),
});
const reportStates = Type.Object({
  state: Type.Optional(Type.Union([Type.Literal("open"), Type.Literal("upheld"), Type.Literal("dismissed")])),
});

/** Routes of what waits for a moderator: held messages and reports. */
export function queueRoutes(
  { app, access, limits }: RouteParts,
  parts: {
    readonly acts: Acts;
    readonly log: RoomLog;
    readonly holds: Holds;
    readonly reports: Reports;
    readonly rooms: Rooms;
    /** Who reports: an account or a guest's device. */
    readonly reporterOf: (request: FastifyRequest) => Promise<{ readonly id: string; readonly name: string }>;
  },
): void {
  const { acts, log, holds, reports, rooms, reporterOf } = parts;
  const base = "/api/v1/rooms/:slug";
  const write = { rateLimit: limits.write };

  app.get(
    `${base}/moderation/holds`,
    {
      schema: {
        ...moderated,
        summary: "Messages that wait for a moderator, oldest first",
        params: roomParams,
        querystring: holdStates,
        response: answers({ 200: holdListSchema }),
      },
    },
    async (request, reply) => {
      const { room } = await access(request, request.params.slug, "moderator");
      reply.header("cache-control", "no-store");
      return { holds: [...holds.list(room.id, request.query.state ?? "waiting", PAGE)] };
    },
  );
  app.post(
    `${base}/moderation/holds/:id`,
    {
      config: write,
      schema: {
        ...moderated,
        summary: "Let a held message in, or not",
        params: itemParams,
        body: holdDecisionSchema,
        response: answers({ 204: nothing }),
      },
    },
    async (request, reply) => {
      const { slug, id } = request.params;
      const { room, by } = await access(request, slug, "moderator");
      const { decision, reason = "", note = "" } = request.body;
      await decideHold(room, by, { id, approve: decision === "approve", reason, note });
      return reply.code(204).send(null);
    },
  );

  async function decideHold(
    room: StoredRoom,
    by: Actor,
    { id, approve, reason, note }: { id: string; approve: boolean; reason: string; note: string },
  ): Promise<void> {
    const held = holds.find(room.id, id);
    if (!held) throw new ProblemError("hold-not-found");
    const act = approve ? "hold-approve" : "hold-reject";
    const detail = { hold: id, cid: held.draft.cid, text: held.text.slice(0, EXCERPT_LENGTH) };
    const fact = { actor: by, act, roomId: room.id, subject: held.from, reason, note, detail };
    await acts.recorded(fact, () => carryOut(room, by, held, approve));
  }
  async function carryOut(room: StoredRoom, by: Actor, held: HeldDraft, approve: boolean): Promise<void> {
    if (!holds.decide(held.id, approve ? "approved" : "rejected", by.id)) throw new ProblemError("already-decided");
    if (!approve) return;
    const released = await log.release(room.id, held.speaker, held.draft).catch((error: unknown) => {
      holds.reopen(held.id);
      throw error;
    });
    // muted or banned since: the message stays out, and the moderator hears why
    if (!released.ok) throw new ProblemError("not-allowed", { detail: `The room refuses it: ${released.code}.` });
  }

  app.post(
    `${base}/reports`,
    {
      config: write,
      schema: {
        tags: ["moderation"],
        summary: "Report a message or a person to the moderators",
        params: roomParams,
        body: reportRequestSchema,
        response: answers({ 201: nothing }),
      },
    },
    async (request, reply) => {
      const room = await rooms.bySlug(request.params.slug);
      if (!room) throw new ProblemError("room-not-found");
      const reporter = await reporterOf(request);
      const added = reports.add(room.id, { reporter, ...(await reported(room, request.body)) });
      if (added === "again") throw new ProblemError("already-reported");
      if (added === undefined) throw new ProblemError("limit-reached");
      return reply.code(201).send(null);
    },
  );

  async function reported(room: StoredRoom, { cid = "", user, reason, text = "" }: ReportRequest) {
    if (cid !== "") {
      const entry = await log.find(room.id, cid);
      if (!entry) throw new ProblemError("message-not-found");
      const excerpt = textOf(entry).slice(0, EXCERPT_LENGTH);
      return { cid, subject: { id: entry.from.id, name: entry.from.name }, excerpt, reason, text };
    }
    if (user === undefined) throw new ProblemError("invalid-request", { detail: "Say which message or person." });
    return { cid, subject: { id: user, name: "" }, excerpt: "", reason, text };
  }

  app.get(
    `${base}/moderation/reports`,
    {
      schema: {
        ...moderated,
        summary: "Viewers' reports, oldest first",
        params: roomParams,
        querystring: reportStates,
        response: answers({ 200: reportListSchema }),
      },
    },
    async (request, reply) => {
      const { room } = await access(request, request.params.slug, "moderator");
      reply.header("cache-control", "no-store");
      return { reports: [...reports.list(room.id, request.query.state ?? "open", PAGE)] };
    },
  );
  app.post(
    `${base}/moderation/reports/:id`,
    {
      config: write,
      schema: {
        ...moderated,
        summary: "Decide a report and all others of the same thing",
        params: itemParams,
        body: reportDecisionSchema,
        response: answers({ 204: nothing }),
      },
    },
    async (request, reply) => {
      const { slug, id } = request.params;
      const { room, by } = await access(request, slug, "moderator");
      const report = reports.find(room.id, id);
      if (!report) throw new ProblemError("report-not-found");
      const { decision, reason = report.reason, note = "" } = request.body;
      const state = decision === "uphold" ? "upheld" : "dismissed";
      const fact = { actor: by, act: `report-${state}`, roomId: room.id, subject: report.subject, reason, note };
      await acts.recorded({ ...fact, detail: { report: id, cid: report.cid } }, async () => {
        if (reports.decide(room.id, id, state, by.id) === 0) throw new ProblemError("already-decided");
      });
      return reply.code(204).send(null);
    },
  );
}
