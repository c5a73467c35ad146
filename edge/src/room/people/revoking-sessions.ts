import type { Sessions } from "../../accounts/sessions.ts";
import type { Versions } from "./versions.ts";

/** Sessions whose end also revokes the room tokens that were given for them; other sessions just get new ones. */
export function revoking(sessions: Sessions, versions: Pick<Versions, "raise">): Sessions {
  return {
    ...sessions,
    async end(userId, sessionId) {
      const ended = await sessions.end(userId, sessionId);
      if (ended) await versions.raise(userId);
      return ended;
    },
    async endOthers(userId, options) {
      const count = await sessions.endOthers(userId, options);
      if (count > 0) await versions.raise(userId);
      return count;
    },
  };
}
