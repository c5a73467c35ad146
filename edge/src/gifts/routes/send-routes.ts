import type { FastifyRequest } from "fastify";
import { Type } from "typebox";
import { ProblemError } from "../../errors.ts";
import { answers, nothing, SIGNED_IN } from "../../http/answers.ts";
import type { App } from "../../http/create-app.ts";
import { giftSendSchema, paidSendSchema, receiptSchema } from "../../protocol/gifts.ts";
import type { StoredRoom } from "../../rooms/rooms.ts";
import { roomParams } from "../../rooms/routes.ts";
import type { Person } from "../ledger/commands.ts";
import { pinMsOf } from "../ledger/paid-tiers.ts";
import { done, type GiftParts, giftRoom, personOf, receiptOf } from "./gift-parts.ts";

const tags = ["gifts"];

/** Routes that spend coins in a room. */
export function sendRoutes(app: App, parts: GiftParts): void {
  const { submit, gate, findRecipient, rooms, programs, authenticate, limits } = parts;
  /** The sender and the room, when the one may give in the other. */
  const admit = async (request: FastifyRequest, slug: string) => {
    const { user } = await authenticate.required(request);
    const room = await rooms.bySlug(slug);
    if (!room) throw new ProblemError("room-not-found");
    if (room.host.id === user.id) throw new ProblemError("own-room");
    const sender = personOf(user);
    await gate.admit(room, sender);
    return { room, sender };
  };
  /** Whom the gift is for: null for the host, named or not. */
  const recipientOf = async (room: StoredRoom, sender: Person, to: string | undefined) => {
    if (to === sender.id) throw new ProblemError("own-gift");
    return to === undefined || to === room.host.id ? null : await findRecipient(room, to);
  };
  app.post(
    "/api/v1/rooms/:slug/gifts",
    {
      config: { rateLimit: limits.gift },
      schema: {
        summary: "Send a gift",
        description:
          "For the host, or with `to` for somebody in a seat of the stage. Answered once the coins have moved for good. The same `cid` again gets the same receipt; after an error, or no answer, ask again with it.",
        tags,
        security: SIGNED_IN,
        params: roomParams,
        body: giftSendSchema,
        response: answers({ 200: receiptSchema }),
      },
    },
    async (request) => {
      const { room, sender } = await admit(request, request.params.slug);
      const { cid, gift, quantity, unitPrice, to, final = false, mediaMs = null } = request.body;
      const recipient = await recipientOf(room, sender, to);
      return receiptOf(
        await submit({
          ...{ kind: "gift", cid, sender, room: giftRoom(room, programs), recipient, giftId: gift },
          ...{ quantity, unitPrice, final, mediaMs },
        }),
      );
    },
  );
  app.post(
    "/api/v1/rooms/:slug/paid-messages",
    {
      config: { rateLimit: limits.gift },
      schema: {
        summary: "Send a paid message",
        description: "The text is checked before coins move. The amount decides how long it stays pinned.",
        tags,
        security: SIGNED_IN,
        params: roomParams,
        body: paidSendSchema,
        response: answers({ 200: receiptSchema }),
      },
    },
    async (request) => {
      const { room, sender } = await admit(request, request.params.slug);
      const { cid, amount, mediaMs = null } = request.body;
      const pinMs = pinMsOf(amount);
      if (pinMs === undefined) throw new ProblemError("amount-too-small");
      const text = await gate.admitText(room, sender, request.body.text);
      return receiptOf(
        await submit({
          ...{ kind: "paid", cid, sender, room: giftRoom(room, programs), amount, text, pinMs, mediaMs },
        }),
      );
    },
  );
  app.post(
    "/api/v1/combos/:id/end",
    {
      config: { rateLimit: limits.gift },
      schema: {
        summary: "End my combo now",
        tags,
        security: SIGNED_IN,
        params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) }),
        response: answers({ 204: nothing }),
      },
    },
    async (request, reply) => {
      const { user } = await authenticate.required(request);
      done(await submit({ kind: "end-combo", comboId: request.params.id, userId: user.id }));
      return reply.code(204).send(null);
    },
  );
}
