import { WHEP_COMMANDS_CHANNEL, type WhepCommand } from "@lianmai/ingest/whep";
import type { Redis } from "@lianmai/process";
import { readStage } from "./read-stage.ts";

/** Ends sessions by WHEP that have been let in before: a player of another make does not ask again. */
export interface WhepCommands {
  /** Sessions that bear one of the marks. Rejects when Redis is away. */
  removed(room: string, marks: readonly string[]): Promise<void>;
  /** Sessions of all who are let in by the room's switch alone. Rejects when Redis is away. */
  switchedOff(room: string): Promise<void>;
}

/** Makes {@link WhepCommands}; every stage process hears them. */
export function createWhepCommands(redis: Redis): WhepCommands {
  const tell = async (command: WhepCommand): Promise<void> => {
    await redis.publish(WHEP_COMMANDS_CHANNEL, JSON.stringify(command));
  };
  return {
    removed: (room, marks) => tell({ kind: "removed", room, marks: [...marks] }),
    async switchedOff(room) {
      const participants = (await readStage(redis, room))?.participants ?? [];
      await tell({ kind: "switched-off", room, but: participants.map(({ userId }) => `u:${userId}`) });
    },
  };
}
