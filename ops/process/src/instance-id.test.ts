import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readInstanceId } from "./instance-id.ts";

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "instance-id-"));
});
afterEach(async () => {
  await rm(dataDir, { recursive: true, force: true });
});

test("is the same at the next start, and another for another kind of process", () => {
  const made = readInstanceId(dataDir, "ingest");
  expect(made).toMatch(/^[0-9a-f]{32}$/);
  expect(readInstanceId(dataDir, "ingest")).toBe(made);
  expect(readInstanceId(dataDir, "transcode")).not.toBe(made);
});

test("is made anew when the file holds something else", async () => {
  readInstanceId(dataDir, "ingest");
  const file = join(dataDir, "ingest/instance-id");
  await writeFile(file, "half a na");
  const made = readInstanceId(dataDir, "ingest");
  expect((await readFile(file, "utf8")).trim()).toBe(made);
});

test("throws where nothing can be written", async () => {
  await writeFile(join(dataDir, "ingest"), "a file");
  expect(() => readInstanceId(dataDir, "ingest")).toThrow();
});
