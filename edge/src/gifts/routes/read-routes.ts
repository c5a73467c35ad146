import { Type } from "typebox";
import { ProblemError } from "../../errors.ts";
import { answers, SIGNED_IN } from "../../http/answers.ts";
import type { App } from "../../http/create-app.ts";
import { catalogueSchema, leaderboardSchema, roomTransfersSchema, walletSchema } from "../../protocol/gifts.ts";
import { roomParams } from "../../rooms/routes.ts";
import { PAID_TIERS } from "../ledger/paid-tiers.ts";
import type { GiftParts } from "./gift-parts.ts";

const tags = ["gifts"];
const PAGE = 30;
const MAX_PAGE = 100;
const pageQuery = Type.Object({
  cursor: Type.Optional(Type.Integer({ minimum: 1, description: "`nextCursor` of the page before." })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PAGE, default: PAGE })),
});

/** Routes that read: price list, wallet, a room's transfers, leaderboards. */
export function readRoutes(app: App, parts: GiftParts & { readonly comboWindowMs: number }): void {
  const { reader, rooms, programs, periods, authenticate, hostAccess, comboWindowMs, nowMs } = parts;
  app.get(
    "/api/v1/gifts",
    { schema: { summary: "The price list in force", tags, response: answers({ 200: catalogueSchema }) } },
    async (_request, reply) => {
      reply.header("cache-control", "max-age=5");
      return { ...reader.catalogue(), paidTiers: [...PAID_TIERS], comboWindowMs };
    },
  );
  app.get(
    "/api/v1/wallet",
    {
      schema: {
        summary: "My coins and what moved them, newest first",
        tags,
        security: SIGNED_IN,
        querystring: pageQuery,
        response: answers({ 200: walletSchema }),
      },
    },
    async (request, reply) => {
      const { user } = await authenticate.required(request);
      const { cursor: before, limit = PAGE } = request.query;
      reply.header("cache-control", "no-store");
      const page = reader.ofUser(user.id, { before, limit });
      return { balance: reader.balance(user.id), income: reader.income(user.id), ...page };
    },
  );
  app.get(
    "/api/v1/rooms/:slug/transfers",
    {
      schema: {
        summary: "What came into my room, newest first",
        tags,
        security: SIGNED_IN,
        params: roomParams,
        querystring: pageQuery,
        response: answers({ 200: roomTransfersSchema }),
      },
    },
    async (request, reply) => {
      const { room } = await hostAccess(request, request.params.slug);
      const { cursor: before, limit = PAGE } = request.query;
      reply.header("cache-control", "no-store");
      return reader.ofRoom(room.id, { before, limit });
    },
  );
  app.get(
    "/api/v1/rooms/:slug/leaderboard",
    {
      schema: {
        summary: "Who gave most in a room",
        description: "`program`: in what is on air, else in the last program known here. `day`: today.",
        tags,
        params: roomParams,
        querystring: Type.Object({
          period: Type.Optional(Type.Enum(["program", "day", "all"], { default: "program" })),
          limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PAGE, default: PAGE })),
        }),
        response: answers({ 200: leaderboardSchema }),
      },
    },
    async (request, reply) => {
      const { period = "program", limit = PAGE } = request.query;
      const room = await rooms.bySlug(request.params.slug);
      if (!room) throw new ProblemError("room-not-found");
      const programId = programs.get(room.slug)?.programId;
      const key = { program: `program ${programId}`, day: `day ${periods.day(nowMs())}`, all: "all" }[period];
      reply.header("cache-control", "max-age=1");
      return { period, ...reader.leaders(room.id, key, limit) };
    },
  );
}
