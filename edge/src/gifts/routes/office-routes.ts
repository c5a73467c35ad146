import type { FastifyRequest } from "fastify";
import { Type } from "typebox";
import { ProblemError } from "../../errors.ts";
import { answers, SIGNED_IN } from "../../http/answers.ts";
import type { App } from "../../http/create-app.ts";
import type { AuditFact } from "../../moderation/audit/chain.ts";
import type { User } from "../../protocol/api.ts";
import {
  catalogueChangeSchema,
  catalogueSchema,
  grantSchema,
  type Refund,
  receiptSchema,
  refundSchema,
} from "../../protocol/gifts.ts";
import type { StoredRoom } from "../../rooms/rooms.ts";
import { roomParams } from "../../rooms/routes.ts";
import { PAID_TIERS } from "../ledger/paid-tiers.ts";
import { done, type GiftParts, personOf, receiptOf } from "./gift-parts.ts";

const tags = ["gifts"];
const txParams = Type.Object({ tx: Type.String({ minLength: 1, maxLength: 64 }) });

/** Routes of hosts and admins: refunds, grants, the price list. */
export function officeRoutes(app: App, parts: GiftParts & { readonly comboWindowMs: number }): void {
  const { submit, reader, users, authenticate, hostAccess, limits, recorded, comboWindowMs } = parts;
  const refund = (by: User, room: StoredRoom | null, tx: string, { cid, reason }: Refund) =>
    recorded(
      factOf(by, { act: "refund", room, subject: { id: tx, name: "" }, note: reason, detail: { cid } }),
      async () =>
        receiptOf(await submit({ kind: "refund", askedBy: by.id, roomId: room?.id ?? null, tx, cid, reason })),
    );
  const admin = async (request: FastifyRequest) => {
    const { user } = await authenticate.required(request);
    if (user.role !== "admin") throw new ProblemError("not-allowed");
    return user;
  };
  app.post(
    "/api/v1/rooms/:slug/transfers/:tx/refund",
    {
      config: { rateLimit: limits.write },
      schema: {
        summary: "Give back a gift or paid message of my room",
        tags,
        security: SIGNED_IN,
        params: Type.Object({ ...roomParams.properties, ...txParams.properties }),
        body: refundSchema,
        response: answers({ 200: receiptSchema }),
      },
    },
    async (request) => {
      const { room, by } = await hostAccess(request, request.params.slug);
      return refund(by.user, room, request.params.tx, request.body);
    },
  );
  app.post(
    "/api/v1/transfers/:tx/refund",
    {
      config: { rateLimit: limits.write },
      schema: {
        summary: "Undo any transfer",
        description: "For admins. Grants and top-ups are taken back only while their coins are unspent.",
        tags,
        security: SIGNED_IN,
        params: txParams,
        body: refundSchema,
        response: answers({ 200: receiptSchema }),
      },
    },
    async (request) => {
      return refund(await admin(request), null, request.params.tx, request.body);
    },
  );
  app.post(
    "/api/v1/grants",
    {
      config: { rateLimit: limits.write },
      schema: {
        summary: "Give coins to an account",
        description: "For admins.",
        tags,
        security: SIGNED_IN,
        body: grantSchema,
        response: answers({ 200: receiptSchema }),
      },
    },
    async (request) => {
      const by = await admin(request);
      const { cid, user: name, amount, reason } = request.body;
      const user = await users.byName(name);
      if (!user) throw new ProblemError("user-not-found");
      const subject = { id: user.id, name: user.name };
      const fact = factOf(by, { act: "grant", room: null, subject, note: reason, detail: { cid, amount } });
      return recorded(fact, async () =>
        receiptOf(await submit({ kind: "grant", cid, askedBy: by.id, user: personOf(user), amount, note: reason })),
      );
    },
  );
  app.put(
    "/api/v1/gifts",
    {
      config: { rateLimit: limits.write },
      schema: {
        summary: "Replace the price list",
        description: "For admins. Earlier versions are kept: each gift remembers the one it was sent under.",
        tags,
        security: SIGNED_IN,
        body: catalogueChangeSchema,
        response: answers({ 200: catalogueSchema }),
      },
    },
    async (request) => {
      const by = await admin(request);
      const { replaces, gifts } = request.body;
      if (new Set(gifts.map(({ id }) => id)).size !== gifts.length) {
        throw new ProblemError("invalid-request", {
          fields: [{ path: "/gifts", message: "two gifts have the same id" }],
        });
      }
      const prices = Object.fromEntries(gifts.map(({ id, price }) => [id, price]));
      const fact = factOf(by, { act: "prices", room: null, subject: NOBODY, note: "", detail: { replaces, prices } });
      await recorded(fact, async () => done(await submit({ kind: "catalogue", askedBy: by.id, replaces, gifts })));
      return { ...reader.catalogue(), paidTiers: [...PAID_TIERS], comboWindowMs };
    },
  );
}

const NOBODY = { id: "", name: "" };

/** What the audit log is told of it. */
const factOf = (
  by: User,
  {
    act,
    room,
    subject,
    note,
    detail,
  }: Pick<AuditFact, "act" | "subject" | "note" | "detail"> & { room: StoredRoom | null },
): Omit<AuditFact, "atMs"> => ({
  actor: { id: by.id, name: by.name, role: by.role === "admin" ? "admin" : "host" },
  ...{ act, roomId: room?.id ?? "", subject, reason: "", note, detail },
});
