import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { randomFrom } from "@lianmai/process/testing/seeded-random";
import { afterAll, beforeAll, expect, it } from "vitest";
import { cutWals } from "./cut-wal.ts";

let directory: string;
let writer: ChildProcess;

/** Commits rows for ever, each told once its commit has returned. */
const WRITER = `
  const { DatabaseSync } = require("node:sqlite");
  const database = new DatabaseSync(process.argv[1]);
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE rows (n INTEGER, filling TEXT)");
  const insert = database.prepare("INSERT INTO rows VALUES (?, ?)");
  for (let n = 1; ; n += 1) {
    database.exec("BEGIN");
    for (let part = 0; part < 20; part += 1) insert.run(n, "x".repeat(3000));
    database.exec("COMMIT");
    require("node:fs").writeSync(1, n + "\\n");
  }`;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "cut-wal-"));
  writer = spawn(process.execPath, ["-e", WRITER, join(directory, "some.sqlite")]);
});
afterAll(async () => {
  writer.kill("SIGKILL");
  await rm(directory, { recursive: true, force: true });
});

it("a power cut keeps every commit that was told, whole, and nothing torn", async () => {
  let told = "";
  writer.stdout?.on("data", (bytes) => {
    told += bytes;
  });
  await expect.poll(() => told.split("\n").length, { timeout: 20_000 }).toBeGreaterThan(60);
  const gone = once(writer, "close");
  writer.kill("SIGKILL");
  await gone;
  await cutWals(directory, randomFrom(3));
  const last = Number(told.trimEnd().split("\n").at(-1));
  const database = new DatabaseSync(join(directory, "some.sqlite"));
  const { most, rows } = database.prepare("SELECT max(n) AS most, count(*) AS rows FROM rows").get() as {
    most: number;
    rows: number;
  };
  expect(most).toBeGreaterThanOrEqual(last);
  expect(rows).toBe(most * 20);
  expect(database.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
  database.close();
});
