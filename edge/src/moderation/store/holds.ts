import { randomUUID } from "node:crypto";
import type { Clock } from "@lianmai/process";
import type { Hold } from "../../protocol/moderation.ts";
import type { Draft, Speaker } from "../../room/room-log.ts";
import type { Database, SqlRow } from "../../storage/database.ts";

/** A message that waits, with what is needed to bring it in. */
export interface HeldDraft extends Hold {
  readonly speaker: Speaker;
  readonly draft: Draft;
}

/** Messages waiting in one room; a message beyond is refused instead. */
export const MAX_WAITING = 500;
/** Decided messages are forgotten after this. */
const KEEP_DECIDED_MS = 30 * 86_400_000;

/** The hold queue, durable. */
export interface Holds {
  /** Keeps a draft once per cid; its id, or undefined when the queue is full. */
  keep(
    roomId: string,
    held: { readonly speaker: Speaker; readonly draft: Draft; readonly why: Hold["why"] },
  ): string | undefined;
  list(roomId: string, state: Hold["state"], limit: number): readonly Hold[];
  find(roomId: string, id: string): HeldDraft | undefined;
  /** False when it was decided already. */
  decide(id: string, state: "approved" | "rejected", byId: string): boolean;
  /** Puts a decision back that could not be carried out. */
  reopen(id: string): void;
  waiting(roomId: string): number;
  sweep(): number;
}

/** {@link Holds} on SQLite. */
export function createHolds(database: Database, options: { readonly clock: Clock }): Holds {
  const { clock } = options;
  const waiting = (roomId: string) =>
    Number(database.get("SELECT count(*) AS n FROM holds WHERE room_id = ? AND state = 'waiting'", roomId)?.["n"]);
  return {
    keep(roomId, { speaker, draft, why }) {
      const known = database.get("SELECT id FROM holds WHERE room_id = ? AND cid = ?", roomId, draft.cid);
      if (known) return String(known["id"]);
      if (waiting(roomId) >= MAX_WAITING) return undefined;
      const id = randomUUID();
      database.run(
        "INSERT INTO holds VALUES (?, ?, ?, ?, ?, ?, 'waiting', ?, NULL, NULL)",
        ...[id, roomId, draft.cid, JSON.stringify(speaker), JSON.stringify(draft), JSON.stringify(why), clock.wallMs()],
      );
      return id;
    },
    list: (roomId, state, limit) =>
      database
        .all("SELECT * FROM holds WHERE room_id = ? AND state = ? ORDER BY at_ms LIMIT ?", roomId, state, limit)
        .map((row) => publicPart(heldFrom(row))),
    find(roomId, id) {
      const row = database.get("SELECT * FROM holds WHERE room_id = ? AND id = ?", roomId, id);
      return row && heldFrom(row);
    },
    decide: (id, state, byId) =>
      database.run(
        "UPDATE holds SET state = ?, decided_by = ?, decided_at_ms = ? WHERE id = ? AND state = 'waiting'",
        ...[state, byId, clock.wallMs(), id],
      ) > 0,
    reopen: (id) => void database.run("UPDATE holds SET state = 'waiting' WHERE id = ?", id),
    waiting,
    sweep: () =>
      database.run("DELETE FROM holds WHERE state <> 'waiting' AND at_ms < ?", clock.wallMs() - KEEP_DECIDED_MS),
  };
}

function heldFrom(row: SqlRow): HeldDraft {
  const speaker = JSON.parse(String(row["speaker"])) as Speaker;
  const draft = JSON.parse(String(row["draft"])) as Draft;
  const { body, kind } = draft;
  return {
    id: String(row["id"]),
    from: { id: speaker.id, name: speaker.name },
    text: "text" in body && typeof body.text === "string" ? body.text : "",
    kind,
    why: JSON.parse(String(row["why"])) as Hold["why"],
    state: String(row["state"]) as Hold["state"],
    atMs: Number(row["at_ms"]),
    speaker,
    draft,
  };
}

const publicPart = ({ speaker: _speaker, draft: _draft, ...hold }: HeldDraft): Hold => hold;
