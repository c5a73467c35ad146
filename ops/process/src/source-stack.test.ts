import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sourceStack } from "./source-stack.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "source-stack-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("names the source of a bundled place, and leaves places in packages and in what is no bundle", async () => {
  // line 2 from column 5 on is line 3, column 2 of the source; nothing is said of the other lines
  const map = { version: 3, sources: ["../src/room.ts"], names: [], mappings: ";IAEC" };
  await writeFile(join(folder, "main.mjs.map"), JSON.stringify(map));
  const [bundle, other] = [pathToFileURL(join(folder, "main.mjs")).href, pathToFileURL(join(folder, "x.mjs")).href];
  const source = new URL("../src/room.ts", bundle).href;
  const stack = ["Error: gone", `    at open (${bundle}:2:9)`, `    at ${bundle}:3:1`, `    at async ${other}:2:9`];
  expect(sourceStack(stack.join("\n")).split("\n")).toEqual([
    stack[0],
    `    at open (${source}:3:2)`,
    stack[2],
    stack[3],
  ]);
});
