import type { Clock, Logger } from "@lianmai/process";
import type { Archive } from "../archive/archive.ts";
import { RoomAway } from "../room-log.ts";
import type { RoomStore } from "../store/room-store.ts";
import type { Reply, RoomFunctions } from "./functions.ts";

/** Calls of room functions that first begin a new generation where the last may have lost its tail. */
export interface Sequencer {
  /** Runs `call` until it answers something other than "recover". Rejects with {@link RoomAway}. */
  run(roomId: string, call: (functions: RoomFunctions) => Promise<Reply>): Promise<Reply>;
}

/** A loss of Redis's memory: what is left of the room's log, and the loss's name. */
interface Loss {
  readonly found: number;
  readonly last: number;
  readonly loss: string;
}

/** Ids this old are forgotten by the sequencer's own tables too. */
const SEEN_FOR_MS = 15 * 60_000;
const MAX_SEEN = 5_000;
const ATTEMPTS = 3;
const RETRY_MS = 500;

/** Makes {@link Sequencer}; recoveries of one room are done once, whoever asks. */
export function createSequencer(parts: {
  readonly functions: RoomFunctions;
  readonly archive: Archive;
  readonly store: RoomStore;
  readonly clock: Clock;
  readonly logger: Logger;
}): Sequencer {
  const { functions, archive, store, clock, logger } = parts;
  const recovering = new Map<string, Promise<void>>();

  /**
   * Closes the generation on disk first, so that the archive's writer leaves out what Redis has lost, then begins
   * the next, whose number nobody has been told before, with the state and the ids that are on disk. Whoever comes
   * second finds it done.
   */
  const recover = async (roomId: string, { found, last, loss }: Loss): Promise<void> => {
    const cut = await archive.close(roomId, found, last, loss);
    const [durable, seen] = await Promise.all([
      archive.newest(roomId),
      archive.recent(roomId, { sinceMs: clock.wallMs() - SEEN_FOR_MS, limit: MAX_SEEN }),
    ]);
    const gen = cut.gen + 1;
    const [word] = await functions.recover(roomId, {
      ...{ found, last, gen, durable, loss, seen },
      changes: store.read(roomId),
    });
    if (word === "ok" && cut.gen > 0)
      logger.warn({ roomId, gen, cut }, "room begins a generation: its log had lost its memory");
  };
  const recoverOnce = (roomId: string, lost: Loss): Promise<void> => {
    const running = recovering.get(roomId);
    if (running !== undefined) return running;
    const done = recover(roomId, lost).finally(() => recovering.delete(roomId));
    recovering.set(roomId, done);
    return done;
  };
  return {
    async run(roomId, call) {
      try {
        for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
          const reply = await call(functions);
          if (reply[0] !== "recover") return reply;
          const [, found, last, loss = ""] = reply;
          await recoverOnce(roomId, { found: Number(found), last: Number(last), loss });
        }
      } catch (error) {
        throw new RoomAway("the room cannot be sequenced", { retryMs: RETRY_MS, cause: error });
      }
      throw new RoomAway("the room loses its memory again and again", { retryMs: RETRY_MS });
    },
  };
}
