import type { FastifyRequest } from "fastify";
import { Type } from "typebox";
import { ProblemError } from "../../errors.ts";
import { answers, nothing } from "../../http/answers.ts";
import type { Authenticate } from "../../http/authenticate.ts";
import {
  allowanceSchema,
  benchAnswerSchema,
  benchRequestSchema,
  wordListSchema,
  wordRequestSchema,
  wordSchema,
} from "../../protocol/moderation.ts";
import type { Actor, Acts } from "../acts/acts.ts";
import type { Filters } from "../filters.ts";
import { SITE, type WordLists } from "../store/word-lists.ts";
import { moderated, type RouteParts } from "./access.ts";

const SITE_PATH = "/api/v1/moderation/words";
const ROOM_PATH = "/api/v1/rooms/:slug/moderation/words";
const PATHS = [ROOM_PATH, SITE_PATH] as const;
const params = Type.Object({ slug: Type.Optional(Type.String()), id: Type.Optional(Type.String({ maxLength: 64 })) });

/** Routes of word lists: a room's (its moderators) and the site's (admins), with a bench to try texts on. */
export function wordRoutes(
  { app, access, limits }: RouteParts,
  parts: {
    readonly acts: Acts;
    readonly lists: WordLists;
    readonly filters: Filters;
    readonly authenticate: Authenticate;
  },
): void {
  const { acts, lists, filters, authenticate } = parts;
  const write = { rateLimit: limits.write };
  /** Whose list is meant, and whether the asker may touch it. */
  const listOf = async (request: FastifyRequest): Promise<{ roomId: string; by: Actor }> => {
    const { slug } = request.params as { slug?: string };
    if (slug !== undefined) {
      const { room, by } = await access(request, slug, "moderator");
      return { roomId: room.id, by };
    }
    const { user } = await authenticate.required(request);
    if (user.role !== "admin") throw new ProblemError("not-allowed");
    return { roomId: SITE, by: { id: user.id, name: user.name, role: "admin" } };
  };
  const factOf = ({ roomId, by }: { roomId: string; by: Actor }, act: string, detail: Record<string, unknown>) => ({
    ...{ actor: by, act, roomId, subject: { id: "", name: "" }, reason: "", note: "", detail },
  });

  for (const path of PATHS) {
    const whose = path === SITE_PATH ? "the site's" : "a room's";
    app.get(
      path,
      {
        schema: {
          ...moderated,
          summary: `Read ${whose} word list`,
          params,
          response: answers({ 200: wordListSchema }),
        },
      },
      async (request, reply) => {
        const { roomId } = await listOf(request);
        const { rules, allow } = lists.list(roomId);
        reply.header("cache-control", "no-store");
        return {
          words: rules.map((rule) => ({ ...rule, variants: [...(rule.variants ?? [])] })),
          allow: [...allow],
          starter: true,
        };
      },
    );
    app.post(
      path,
      {
        config: write,
        schema: {
          ...moderated,
          summary: `Add a word to ${whose} list`,
          params,
          body: wordRequestSchema,
          response: answers({ 201: wordSchema }),
        },
      },
      async (request, reply) => {
        const list = await listOf(request);
        const rule = await acts.recorded(factOf(list, "word-add", { ...request.body }), async () =>
          lists.add(list.roomId, request.body, list.by.id),
        );
        if (!rule) throw new ProblemError("limit-reached");
        return reply.code(201).send({ ...rule, variants: [...(rule.variants ?? [])] });
      },
    );
    app.delete(
      `${path}/:id`,
      {
        config: write,
        schema: {
          ...moderated,
          summary: `Remove a word from ${whose} list`,
          params,
          response: answers({ 204: nothing }),
        },
      },
      async (request, reply) => {
        const list = await listOf(request);
        const { id = "" } = request.params;
        const rule = lists.list(list.roomId).rules.find((known) => known.id === id);
        if (!rule) throw new ProblemError("word-not-found");
        await acts.recorded(factOf(list, "word-remove", { word: rule.word, action: rule.action }), async () => {
          lists.remove(list.roomId, id);
        });
        return reply.code(204).send(null);
      },
    );
    app.put(
      `${path}/allow`,
      {
        config: write,
        schema: {
          ...moderated,
          summary: `Let ${whose} list pass a text`,
          params,
          body: allowanceSchema,
          response: answers({ 204: nothing }),
        },
      },
      async (request, reply) => {
        const list = await listOf(request);
        const { text } = request.body;
        const added = await acts.recorded(factOf(list, "word-allow", { text }), async () =>
          lists.allow(list.roomId, text, list.by.id),
        );
        if (!added) throw new ProblemError("limit-reached");
        return reply.code(204).send(null);
      },
    );
    app.delete(
      `${path}/allow`,
      {
        config: write,
        schema: {
          ...moderated,
          summary: `No longer let ${whose} list pass a text`,
          params,
          body: allowanceSchema,
          response: answers({ 204: nothing }),
        },
      },
      async (request, reply) => {
        const list = await listOf(request);
        const { text } = request.body;
        await acts.recorded(factOf(list, "word-disallow", { text }), async () => lists.disallow(list.roomId, text));
        return reply.code(204).send(null);
      },
    );
    app.post(
      `${path}/try`,
      {
        config: write,
        schema: {
          ...moderated,
          summary: `Try a text on ${whose} filter`,
          params,
          body: benchRequestSchema,
          response: answers({ 200: benchAnswerSchema }),
        },
      },
      async (request) => {
        const { roomId } = await listOf(request);
        const filter = filters.of(roomId);
        const startedMs = performance.now();
        const { action, hits, masked } = filter.check(request.body.text);
        return { action, masked, hits: [...hits], tookUs: Math.round((performance.now() - startedMs) * 1_000) };
      },
    );
  }
}
