import { randomUUID } from "node:crypto";

/** A UUID of version 7 (RFC 9562 5.7): ordered by time, 74 random bits. */
export function timeOrderedId(nowMs: number): string {
  const time = Math.floor(nowMs).toString(16).padStart(12, "0");
  const random = randomUUID();
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15)}`;
}
