import type { Position } from "../../protocol/room/entry.ts";
import type { RoomLog } from "../../room/room-log.ts";
import type { OutboxRow } from "../ledger/outbox-rows.ts";

/** What the ledger needs of the room's log. */
export type GiftLog = Pick<RoomLog, "append" | "release" | "find" | "durable" | "whenDurable">;

/** A row with its place; `repeated`: it had it before. */
export interface Placed {
  readonly row: OutboxRow;
  readonly at: Position;
  readonly repeated: boolean;
}

/** The log knows an id again for five minutes at least; older rows are looked up before they are brought. */
const LOOK_UP_AFTER_MS = 4 * 60_000;
/** Refusals that a later attempt would meet again: the coins go back. */
const FINAL = new Set(["muted", "banned", "mode", "forbidden"]);

/**
 * Gives one row its place, or finds the one it has. A paid message is words of a person: the sequencer refuses it as it
 * would any other words, so that none appears after a mute. Rejects when the log is away.
 */
export async function deliverRow(
  log: GiftLog,
  row: OutboxRow,
  options: { readonly nowMs: number },
): Promise<Placed | { readonly row: OutboxRow; readonly refused: string }> {
  const { cid, roomId, author, mediaMs } = row;
  const placed = ({ gen, seq }: Position, repeated: boolean) => ({ row, at: { gen, seq }, repeated });
  if (options.nowMs - row.atMs > LOOK_UP_AFTER_MS) {
    const known = await log.find(roomId, cid);
    if (known) return placed(known, true);
  }
  const when = mediaMs === null ? {} : { mediaMs };
  if (row.kind !== "paid") {
    const { kind, body } = row;
    const at = await (kind === "gift"
      ? log.append(roomId, author, { cid, kind, body, ...when })
      : log.append(roomId, author, { cid, kind, body }));
    return placed(at, at.repeated);
  }
  // who may pay for words was asked before the coins moved; only what the room forbids by now is asked here
  const speaker = { ...author, version: Number.MAX_SAFE_INTEGER, isMember: true, isKnown: true, followsSinceMs: 0 };
  const published = await log.release(roomId, speaker, { cid, kind: row.kind, body: row.body, ...when });
  if (published.ok) return placed(published, published.repeated);
  if (FINAL.has(published.code)) return { row, refused: published.code };
  throw new Error(`the log answered ${published.code}`);
}
