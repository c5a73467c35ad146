import { createHmac, timingSafeEqual } from "node:crypto";

/** How far a signed request's time may be from ours. */
export const SIGNATURE_TOLERANCE_MS = 5 * 60_000;

/** What a payment system signs: its time, the idempotency key and the body's text, joined by full stops. */
export interface SignedRequest {
  /** Seconds since the Unix epoch, as sent. */
  readonly timestamp: string;
  readonly idempotencyKey: string;
  readonly body: string;
}

/** HMAC-SHA-256 of a request in hex. */
export const signPayment = ({ timestamp, idempotencyKey, body }: SignedRequest, key: string): string =>
  createHmac("sha256", key).update(`${timestamp}.${idempotencyKey}.${body}`).digest("hex");

/** Whether one of `keys` made the signature, and not too long ago. Several keys: the old one while it is replaced. */
export function isSignedBy(
  request: SignedRequest,
  options: { readonly signature: string; readonly keys: readonly string[]; readonly nowMs: number },
): boolean {
  const { signature, keys, nowMs } = options;
  if (!/^\d{1,12}$/.test(request.timestamp)) return false;
  if (Math.abs(nowMs - Number(request.timestamp) * 1_000) > SIGNATURE_TOLERANCE_MS) return false;
  const given = Buffer.from(signature);
  return keys.some((key) => {
    const expected = Buffer.from(signPayment(request, key));
    return expected.length === given.length && timingSafeEqual(expected, given);
  });
}
