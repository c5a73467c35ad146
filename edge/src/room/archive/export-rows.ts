import { Readable } from "node:stream";
import type { Entry } from "../../protocol/room/entry.ts";
import { entryOf, keep } from "../log/kept-entry.ts";
import { START } from "../log/positions.ts";
import type { Archive, ArchivedEntry } from "./archive.ts";

const PAGE_ENTRIES = 500;
const COLUMNS = ["gen", "seq", "at", "cid", "kind", "user", "name", "role", "mediaMs", "text", "withdrawnBy", "body"];

/** A room's archive as a stream of lines, read page by page as fast as they are taken. */
export function exportRows(archive: Archive, roomId: string, format: "jsonl" | "csv"): Readable {
  return Readable.from(linesOf(archive, roomId, format), { objectMode: false });
}

async function* linesOf(archive: Archive, roomId: string, format: "jsonl" | "csv"): AsyncGenerator<string> {
  // the mark tells spreadsheet programs that the text is UTF-8
  if (format === "csv") yield `\ufeff${COLUMNS.join(",")}\r\n`;
  let at = START;
  for (;;) {
    const entries = await archive.after(roomId, at, { limit: PAGE_ENTRIES });
    const last = entries.at(-1);
    if (!last) return;
    at = { gen: last.gen, seq: last.seq };
    yield entries.map(format === "csv" ? csvLine : jsonLine).join("");
  }
}

const jsonLine = (stored: ArchivedEntry): string =>
  `${JSON.stringify({ ...entryOf(keep(stored)), ...(stored.goneBy !== undefined && { withdrawnBy: stored.goneBy }) })}\n`;

function csvLine(stored: ArchivedEntry): string {
  const entry: Entry = entryOf(keep(stored));
  const { text = "" } = entry.body as { readonly text?: string };
  const values = [
    ...[entry.gen, entry.seq, new Date(entry.atMs).toISOString(), entry.cid, entry.kind],
    ...[entry.from.id, entry.from.name, entry.from.role, entry.mediaMs ?? "", text],
    ...[stored.goneBy ?? "", JSON.stringify(entry.body)],
  ];
  return `${values.map((value) => csvField(String(value))).join(",")}\r\n`;
}

/** Quoted where needed; what a spreadsheet would take for a formula is made text. Spec: RFC 4180 2. */
export function csvField(value: string): string {
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
