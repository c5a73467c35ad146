import { Type } from "typebox";
import { ProblemError } from "../../errors.ts";
import { answers } from "../../http/answers.ts";
import { type App, SIGNATURE_HEADER, signedBodyOf } from "../../http/create-app.ts";
import { receiptSchema, topUpSchema } from "../../protocol/gifts.ts";
import { cidSchema } from "../../protocol/room/entry.ts";
import { isSignedBy } from "../payment-signature.ts";
import { type GiftParts, personOf, receiptOf } from "./gift-parts.ts";

/** Under whose name the ledger keeps the idempotency keys of payments; no account has a space in its id. */
const ASKED_BY = "payment system";

/** The route by which the operator's payment system credits coins that were bought there. */
export function paymentRoutes(app: App, parts: GiftParts & { readonly keys: readonly string[] }): void {
  const { submit, users, limits, keys, nowMs } = parts;
  app.post(
    "/api/v1/payments/top-ups",
    {
      config: { rateLimit: limits.payment },
      schema: {
        summary: "Credit coins that were bought",
        description: "For the operator's payment system. The same idempotency key again gets the same receipt.",
        tags: ["gifts"],
        headers: Type.Object({
          "x-lianmai-timestamp": Type.String({ maxLength: 20, description: "Seconds since the Unix epoch." }),
          [SIGNATURE_HEADER]: Type.String({
            maxLength: 200,
            description: "Hex HMAC-SHA-256 of `timestamp.idempotency-key.body` with a key of PAYMENT_KEYS.",
          }),
          "idempotency-key": cidSchema,
        }),
        body: topUpSchema,
        response: answers({ 200: receiptSchema }),
      },
    },
    async (request) => {
      if (keys.length === 0) throw new ProblemError("payments-off");
      const { "x-lianmai-timestamp": timestamp, "idempotency-key": idempotencyKey } = request.headers;
      const signed = { timestamp, idempotencyKey, body: signedBodyOf(request) };
      const signature = request.headers[SIGNATURE_HEADER];
      if (!isSignedBy(signed, { signature, keys, nowMs: nowMs() })) throw new ProblemError("bad-signature");
      const { userId, amount, reference } = request.body;
      const user = await users.byId(userId);
      if (!user) throw new ProblemError("user-not-found");
      return receiptOf(
        await submit({
          ...{ kind: "top-up", cid: idempotencyKey, askedBy: ASKED_BY, user: personOf(user) },
          ...{ amount, note: reference },
        }),
      );
    },
  );
}
