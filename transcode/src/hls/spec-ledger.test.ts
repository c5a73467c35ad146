import { readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { expect, test } from "vitest";

const ROOT = new URL("../../../", import.meta.url);
const LEDGER = readFileSync(new URL("ops/docs/spec/rfc8216bis-server.md", ROOT), "utf8");
const STATES = ["implemented", "by construction", "elsewhere", "departs", "not used"];
const ID = "(?:[0-9]+(?:\\.[0-9]+)*|B)-[A-Z0-9]+[a-z]?";

const rows = LEDGER.split("\n")
  .filter((line) => new RegExp(`^\\| ${ID} \\|`).test(line))
  .map((line) => line.split("|").map((cell) => cell.trim()))
  .map(([, id = "", rule = "", state = "", code = ""]) => ({ id, rule, state, code }));

/** Ids in square brackets in the titles of the workspace's tests. */
async function idsInTitles(): Promise<Set<string>> {
  const source = new URL("transcode/src/", ROOT);
  const files = (await readdir(source, { recursive: true })).filter((file) => file.endsWith(".test.ts"));
  const titles = files.flatMap((file) =>
    [
      ...readFileSync(new URL(file, source), "utf8").matchAll(/\btest(?:\.each\([^)]*\))?\(\s*"((?:[^"\\]|\\.)*)"/g),
    ].map(([, title = ""]) => title),
  );
  return new Set(
    titles.flatMap((title) => [...title.matchAll(new RegExp(`\\[(${ID})\\]`, "g"))].map(([, id = ""]) => id)),
  );
}

test("every rule has an id of its own, words, and a state", () => {
  expect(rows.length).toBeGreaterThan(70);
  expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
  for (const { id, rule, state } of rows) {
    expect([id, STATES.includes(state)]).toEqual([id, true]);
    expect(rule.length).toBeGreaterThan(10);
  }
});

test("implemented rules are shown by tests, and tests name only rules that are implemented", async () => {
  const implemented = rows.filter(({ state }) => state === "implemented").map(({ id }) => id);
  expect([...(await idsInTitles())].sort()).toEqual(implemented.sort());
});

test("the code named exists", () => {
  for (const { id, state, code } of rows) {
    const [file = "", symbol = ""] = code.split("#");
    if (state === "implemented" || state === "by construction") {
      const source = readFileSync(new URL(file, ROOT), "utf8");
      expect([id, symbol !== "" && new RegExp(`\\b${symbol}\\b`).test(source)]).toEqual([id, true]);
    }
  }
});
