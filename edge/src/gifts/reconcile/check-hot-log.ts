import type { Redis } from "@lianmai/process";
import type { Entry } from "../../protocol/room/entry.ts";
import { logKey } from "../../room/log/keys.ts";
import type { Database } from "../../storage/database.ts";
import { REFUND_CODE } from "../ledger/refund.ts";
import type { Difference } from "./check-ledger.ts";

/** Entries read from a stream at once. */
const PAGE = 1_000;

/** Proves that what the rooms' logs hold in Redis of the ledger is what the ledger told, each once. */
export async function checkHotLog(ledger: Database, redis: Redis): Promise<Difference[]> {
  const rooms = ledger.all("SELECT DISTINCT room_id FROM outbox").map((row) => String(row["room_id"]));
  const found: Difference[] = [];
  for (const roomId of rooms) found.push(...(await checkRoom(ledger, redis, roomId)));
  return found;
}

async function checkRoom(ledger: Database, redis: Redis, roomId: string): Promise<Difference[]> {
  const found: Difference[] = [];
  const seen = new Set<string>();
  for await (const { id, entry } of ledgerEntries(redis, roomId)) {
    const row = ledger.get("SELECT body, state, gen, seq FROM outbox WHERE cid = ?", entry.cid);
    const name = seen.has(entry.cid) ? "hot-log-twice" : judge(entry, { id, row });
    if (name) found.push({ name, what: `entry ${entry.cid} at ${id}` });
    seen.add(entry.cid);
  }
  return found;
}

/** Entries of a room's stream that only the ledger writes, in order. */
async function* ledgerEntries(redis: Redis, roomId: string) {
  for (let start = "-"; ; ) {
    const page = await redis.xrange(logKey(roomId), start, "+", "COUNT", PAGE);
    for (const [id, fields] of page) {
      const entry = ledgerEntry(fields);
      if (entry) yield { id, entry };
    }
    const last = page.at(-1)?.[0];
    if (last === undefined || page.length < PAGE) return;
    start = `(${last}`;
  }
}

function judge(entry: Pick<Entry, "body">, kept: { readonly id: string; readonly row: ReturnType<Database["get"]> }) {
  const { id, row } = kept;
  if (!row) return "hot-log-unknown";
  if (JSON.stringify(entry.body) !== row["body"]) return "hot-log-differs";
  if (row["state"] === "refused") return "hot-log-refused";
  const isElsewhere = row["state"] === "delivered" && `${row["gen"]}-${row["seq"]}` !== id;
  return isElsewhere ? "hot-log-elsewhere" : undefined;
}

/** An entry that only the ledger writes; undefined for others. */
function ledgerEntry(fields: readonly string[]): Pick<Entry, "cid" | "body"> | undefined {
  const at = fields.indexOf("e");
  const entry = JSON.parse(fields[at + 1] ?? "null") as Entry | null;
  const isOurs =
    entry?.kind === "gift" || entry?.kind === "paid" || (entry?.kind === "system" && entry.body.code === REFUND_CODE);
  return isOurs && entry ? entry : undefined;
}
