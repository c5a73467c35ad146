import type { RaidAnswer } from "../../protocol/moderation.ts";
import type { Database } from "../../storage/database.ts";

/** What rooms do when they look raided, durable. */
export interface RaidOptions {
  /** `suggest` unless the room has chosen. */
  answer(roomId: string): RaidAnswer;
  choose(roomId: string, answer: RaidAnswer): void;
}

/** {@link RaidOptions} on SQLite. */
export const createRaidOptions = (database: Database): RaidOptions => ({
  answer: (roomId) =>
    (database.get("SELECT answer FROM raid_options WHERE room_id = ?", roomId)?.["answer"] ?? "suggest") as RaidAnswer,
  choose: (roomId, answer) =>
    void database.run(
      "INSERT INTO raid_options VALUES (?, ?) ON CONFLICT DO UPDATE SET answer = excluded.answer",
      roomId,
      answer,
    ),
});
