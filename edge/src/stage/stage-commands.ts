import { STAGE_COMMANDS_CHANNEL, type StageCommandMessage, stageCommandMessageSchema } from "@lianmai/ingest/stage";
import type { Redis } from "@lianmai/process";
import { Value } from "typebox/value";

/** Acts on a room's stage that do not come through its signalling. */
export interface StageCommands {
  /** Takes somebody off the stage, who may not be on it. Rejects when Redis is away. */
  remove(
    room: string,
    act: { readonly by: { readonly id: string; readonly name: string }; readonly userId: string },
  ): Promise<void>;
}

export function createStageCommands(redis: Redis): StageCommands {
  return {
    async remove(room, { by, userId }) {
      const message: StageCommandMessage = {
        room,
        actor: { userId: by.id, name: by.name, role: "moderator" },
        // Whoever is banned from the room is refused by the edge; the stage need not remember it.
        command: { kind: "remove", participantId: userId, ban: false },
      };
      // Ids of guests and of other systems' people fit no stage: only accounts come onto one.
      if (Value.Check(stageCommandMessageSchema, message))
        await redis.publish(STAGE_COMMANDS_CHANNEL, JSON.stringify(message));
    },
  };
}
