import type { Clock } from "@lianmai/process";
import { ProblemError } from "../errors.ts";
import type { Filters } from "../moderation/filters.ts";
import type { RoomLog } from "../room/room-log.ts";
import type { GiftGate } from "./routes/gift-parts.ts";

/** Makes a {@link GiftGate}: who is banned from a room gives nothing there, who is muted has no words there. */
export function createGiftGate(parts: {
  readonly log: Pick<RoomLog, "standing">;
  readonly filters: Filters;
  readonly clock: Clock;
}): GiftGate {
  const { log, filters, clock } = parts;
  const refuseWhile = (untilMs: number | undefined, code: "banned" | "muted") => {
    if (untilMs === undefined) return;
    const retryAfterMs = untilMs - clock.wallMs();
    if (retryAfterMs > 0) throw new ProblemError(code, { ...(retryAfterMs < MAX_WAIT_MS && { retryAfterMs }) });
  };
  return {
    async admit(room, sender) {
      refuseWhile((await log.standing(room.id, sender.id)).bannedUntilMs, "banned");
    },
    async admitText(room, sender, text) {
      refuseWhile((await log.standing(room.id, sender.id)).mutedUntilMs, "muted");
      // nobody pays for words that wait for a moderator
      const { action, masked } = filters.of(room.id).check(text);
      if (action === "block" || action === "hold") throw new ProblemError("text-blocked");
      return masked;
    },
  };
}

/** Longer bans are told without a time to come back. */
const MAX_WAIT_MS = 30 * 24 * 3_600_000;
