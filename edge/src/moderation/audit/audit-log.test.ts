import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { systemClock } from "@lianmai/process";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AuditLog, openAuditLog } from "./audit-log.ts";

let directory: string;
let path: string;
let audit: AuditLog;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "edge-audit-"));
  path = join(directory, "audit.sqlite");
  audit = openAuditLog(path, { clock: systemClock });
});
afterEach(async () => {
  audit.close();
  await rm(directory, { recursive: true, force: true });
});

const fact = (act: string, subjectId = "u1") => ({
  actor: { id: "m1", name: "Mo", role: "moderator" },
  act,
  roomId: "r1",
  subject: { id: subjectId, name: "Ann" },
  reason: "spam",
  note: "three times",
  detail: { untilMs: 5, before: { b: 1, a: [2, 1] } },
});
const fill = (count: number) => Array.from({ length: count }, (_, at) => audit.record(fact(`act-${at}`)));
/** Changes the file as somebody with access to it would. */
const tamper = (sql: string) => {
  const file = new DatabaseSync(path);
  file.exec(`DROP TRIGGER audit_stays; DROP TRIGGER audit_kept; ${sql}`);
  file.close();
};

describe("the audit log", () => {
  it("chains what is recorded, also by two processes at once, and finds it again", () => {
    const other = openAuditLog(path, { clock: systemClock });
    for (let at = 0; at < 20; at += 1) (at % 2 === 0 ? audit : other).record(fact("mute", `u${at}`));
    other.close();
    expect(audit.verify()).toMatchObject({ breach: undefined, head: { id: 20 } });
    expect(audit.list({ roomId: "r1", limit: 3 }).map(({ id }) => id)).toEqual([20, 19, 18]);
    expect(audit.list({ subjectId: "u4", limit: 9 })).toMatchObject([{ id: 5, act: "mute", detail: { untilMs: 5 } }]);
    expect(audit.list({ roomId: "r2", limit: 9 })).toEqual([]);
    expect(audit.list({ actorId: "m1", before: 3, limit: 9 }).map(({ id }) => id)).toEqual([2, 1]);
    expect(audit.byId(7)?.subject).toEqual({ id: "u6", name: "Ann" });
  });

  it("refuses changes through the database itself", () => {
    fill(2);
    const file = new DatabaseSync(path);
    expect(() => file.exec("UPDATE audit SET note = 'x'")).toThrow(/only added to/);
    expect(() => file.exec("DELETE FROM audit")).toThrow(/only added to/);
    file.close();
  });

  it("starts with an intact empty chain", () => {
    expect(audit.verify()).toMatchObject({ breach: undefined, head: { id: 0 } });
  });
});

describe("verification", () => {
  const columns = ["at_ms", "actor_id", "actor_name", "actor_role", "act", "room_id", "subject_id", "subject_name"];
  it.each([...columns, "reason", "note", "detail"])("notices a changed %s", (column) => {
    fill(5);
    tamper(`UPDATE audit SET ${column} = ${column === "at_ms" ? "1" : "'forged'"} WHERE id = 3`);
    expect(audit.verify().breach).toEqual({ id: 3, what: "changed" });
  });

  it("notices what was taken out, put in, swapped or hashed anew", () => {
    fill(6);
    tamper("DELETE FROM audit WHERE id = 4");
    expect(audit.verify().breach).toEqual({ id: 5, what: "gap" });
    const file = new DatabaseSync(path);
    file.exec("UPDATE audit SET id = 4 WHERE id = 5; UPDATE audit SET id = 5 WHERE id = 6");
    file.close();
    expect(audit.verify().breach).toEqual({ id: 4, what: "unchained" });
  });

  it("notices a tail cut off, against a head that was noted", () => {
    const entries = fill(6);
    const noted = { id: 6, hash: entries[5]!.hash };
    expect(audit.verify(noted).breach).toBeUndefined();
    tamper("DELETE FROM audit WHERE id > 4");
    expect(audit.verify().breach).toBeUndefined();
    expect(audit.verify(noted).breach).toEqual({ id: 5, what: "gap" });
    expect(audit.verify({ id: 2, hash: "0".repeat(64) }).breach).toEqual({ id: 2, what: "changed" });
  });
});
