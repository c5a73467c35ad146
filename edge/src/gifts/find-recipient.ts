import type { Redis } from "@lianmai/process";
import type { Users } from "../accounts/users.ts";
import { ProblemError } from "../errors.ts";
import { readStage } from "../stage/read-stage.ts";
import { type FindRecipient, personOf } from "./routes/gift-parts.ts";

/** Makes {@link FindRecipient} on the stage as Redis has it. */
export function createFindRecipient(parts: {
  readonly redis: Redis;
  readonly users: Pick<Users, "byId">;
}): FindRecipient {
  const { redis, users } = parts;
  return async (room, userId) => {
    const [user, stage] = await Promise.all([users.byId(userId), readStage(redis, room.slug)]);
    if (!user) throw new ProblemError("not-on-stage");
    const onStage = stage?.participants.some((one) => one.userId === userId && one.place.at === "seated") ?? false;
    return { ...personOf(user), onStage };
  };
}
