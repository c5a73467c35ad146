import { randomUUID } from "node:crypto";
import type { Clock } from "@lianmai/process";
import type { Report } from "../../protocol/moderation.ts";
import { type Database, type SqlRow, UniqueViolation } from "../../storage/database.ts";

/** Open reports in one room; a report beyond is refused. */
export const MAX_OPEN = 1_000;

/** Viewers' reports, durable. */
export interface Reports {
  /** Adds a report; `again` when the same person has reported the same, undefined when there are too many. */
  add(roomId: string, report: Omit<Report, "id" | "state" | "atMs">): Report | "again" | undefined;
  list(roomId: string, state: Report["state"], limit: number): readonly Report[];
  find(roomId: string, id: string): Report | undefined;
  /** Decides a report and all others of the same thing; how many. */
  decide(roomId: string, id: string, state: "upheld" | "dismissed", byId: string): number;
  open(roomId: string): number;
}

/** {@link Reports} on SQLite. */
export function createReports(database: Database, options: { readonly clock: Clock }): Reports {
  const { clock } = options;
  const open = (roomId: string) =>
    Number(database.get("SELECT count(*) AS n FROM reports WHERE room_id = ? AND state = 'open'", roomId)?.["n"]);
  const find = (roomId: string, id: string) => {
    const row = database.get("SELECT * FROM reports WHERE room_id = ? AND id = ?", roomId, id);
    return row && reportFrom(row);
  };
  return {
    add(roomId, report) {
      if (open(roomId) >= MAX_OPEN) return undefined;
      const { cid, subject, excerpt, reporter, reason, text } = report;
      const made: Report = { ...report, id: randomUUID(), state: "open", atMs: clock.wallMs() };
      try {
        database.run(
          "INSERT INTO reports VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'open', ?, NULL, NULL)",
          ...[made.id, roomId, cid, subject.id, subject.name, excerpt, reporter.id, reporter.name, reason, text],
          made.atMs,
        );
      } catch (error) {
        if (error instanceof UniqueViolation) return "again";
        throw error;
      }
      return made;
    },
    list: (roomId, state, limit) =>
      database
        .all("SELECT * FROM reports WHERE room_id = ? AND state = ? ORDER BY at_ms LIMIT ?", roomId, state, limit)
        .map(reportFrom),
    find,
    decide(roomId, id, state, byId) {
      const report = find(roomId, id);
      if (!report) return 0;
      return database.run(
        `UPDATE reports SET state = ?, decided_by = ?, decided_at_ms = ?
         WHERE room_id = ? AND subject_id = ? AND cid = ? AND state = 'open'`,
        ...[state, byId, clock.wallMs(), roomId, report.subject.id, report.cid],
      );
    },
    open,
  };
}

const reportFrom = (row: SqlRow): Report => ({
  id: String(row["id"]),
  cid: String(row["cid"]),
  subject: { id: String(row["subject_id"]), name: String(row["subject_name"]) },
  excerpt: String(row["excerpt"]),
  reporter: { id: String(row["reporter_id"]), name: String(row["reporter_name"]) },
  reason: String(row["reason"]),
  text: String(row["text"]),
  state: String(row["state"]) as Report["state"],
  atMs: Number(row["at_ms"]),
});
