/** Whether a browser is still there: one whose network is gone says nothing, and its connections stand for minutes. */
import type { Member } from "./member.ts";

/** Without media or requests for this long, a browser is asked whether it is there. */
const ASK_MS = 3_000;
/** And for this long, it is given up; its place is kept as when its events end. */
const GONE_MS = 8_000;

/** Asks those who have fallen quiet, or ends their events. Once a second. */
export function lookAfter(members: Iterable<Member>, nowMs: number): void {
  for (const member of members) {
    const quietMs = member.quietMs(nowMs);
    if (quietMs > GONE_MS) member.end();
    else if (quietMs > ASK_MS) member.send({ kind: "ping" });
  }
}
