import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@lianmai/process";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createStreamKeys } from "../keys/stream-keys.ts";
import { type Database, openDatabase, UniqueViolation } from "./database.ts";
import { migrate, NewerSchema, readMigrations } from "./migrate.ts";

let directory: string;
let database: Database;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "edge-sqlite-"));
  database = openDatabase(join(directory, "lianmai.sqlite"));
});
afterEach(async () => {
  database.close();
  await rm(directory, { recursive: true, force: true });
});

const all = readMigrations();
const schemaOf = (which: Database) =>
  which.all("SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name");
const insertRoom = () => {
  database.run("INSERT INTO users VALUES ('u', 'Ann', 'ann', 'hash', 'user', 1)");
  database.run("INSERT INTO rooms VALUES ('r', 'ann', 'Ann', '', 'u', 'refuse', 60000, 333, 2, NULL)");
  database.run("INSERT INTO stream_keys VALUES ('k', 'r', 'OBS', 'abc', 'wxyz', 'active', 3, 3)");
};

describe("database", () => {
  it("keeps every write through a loss of power: WAL and full synchronisation, with foreign keys", () => {
    expect(database.get("PRAGMA journal_mode")).toEqual({ journal_mode: "wal" });
    expect(database.get("PRAGMA synchronous")).toEqual({ synchronous: 2 });
    expect(database.get("PRAGMA foreign_keys")).toEqual({ foreign_keys: 1 });
  });

  it("rolls a transaction back when its work throws, and names unique violations", () => {
    migrate(database);
    expect(() =>
      database.transaction(() => {
        database.run("INSERT INTO users VALUES ('a', 'A', 'a', 'h', 'user', 1)");
        database.run("INSERT INTO users VALUES ('b', 'A', 'a', 'h', 'user', 1)");
      }),
    ).toThrow(UniqueViolation);
    expect(database.all("SELECT * FROM users")).toEqual([]);
  });

  it("is writable while another connection holds the lock, and not once it is closed", () => {
    migrate(database);
    const other = openDatabase(join(directory, "lianmai.sqlite"));
    other.transaction(() => expect(database.writable()).toBe(true));
    other.close();
    database.close();
    expect(database.writable()).toBe(false);
  });
});

describe("migrations", () => {
  it("bring an empty file to the last version, once", () => {
    expect(migrate(database)).toEqual(all.map(({ version }) => version));
    expect(migrate(database)).toEqual([]);
  });

  it("lead to the same schema from every earlier version", async () => {
    migrate(database);
    const expected = schemaOf(database);
    for (const { version } of all) {
      const older = openDatabase(join(directory, `from-${version}.sqlite`));
      migrate(older, { migrations: all.slice(0, version) });
      expect(migrate(older)).toEqual(all.slice(version).map((migration) => migration.version));
      expect(schemaOf(older)).toEqual(expected);
      older.close();
    }
  });

  it("keep the rows of the previous version and fill in what is new", async () => {
    migrate(database, { migrations: all.slice(0, 2) });
    insertRoom();
    expect(migrate(database)).toEqual([3, 4]);
    expect(await createStreamKeys(database, { clock: systemClock }).list("r")).toMatchObject([
      { id: "k", label: "OBS" },
    ]);
    expect(database.all("SELECT stream_key_id, kind, actor_id, at_ms FROM stream_key_events")).toEqual([
      { stream_key_id: "k", kind: "created", actor_id: "u", at_ms: 3 },
    ]);
  });

  it("leave nothing of a step that fails", () => {
    const broken = { version: all.length + 1, name: "broken", sql: "CREATE TABLE half (id TEXT); SELECT nonsense;" };
    migrate(database);
    const before = schemaOf(database);
    expect(() => migrate(database, { migrations: [...all, broken] })).toThrow(/nonsense/);
    expect(schemaOf(database)).toEqual(before);
    expect(migrate(database)).toEqual([]);
  });

  it("refuse a file of a newer release", () => {
    migrate(database, { migrations: [...all, { version: all.length + 1, name: "next", sql: "SELECT 1" }] });
    expect(() => migrate(database)).toThrow(NewerSchema);
  });
});
