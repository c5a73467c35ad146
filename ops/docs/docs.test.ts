import { existsSync } from "node:fs";
import { glob, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { renderConfiguration } from "./render-configuration.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

async function pages(): Promise<{ file: string; text: string }[]> {
  const found: { file: string; text: string }[] = [];
  for (const pattern of ["README.md", "ops/docs/**/*.md"]) {
    for await (const file of glob(pattern, { cwd: root })) {
      found.push({ file, text: await readFile(join(root, file), "utf8") });
    }
  }
  return found;
}

describe("documents", () => {
  it("configuration.md is the schema's (else run: node ops/docs/write-configuration.ts)", async () => {
    expect(await readFile(join(root, "ops/docs/configuration.md"), "utf8")).toBe(renderConfiguration());
  });

  it("every link to a file resolves", async () => {
    const broken = (await pages()).flatMap(({ file, text }) =>
      [...text.matchAll(/\]\(([^)\s#]+)[^)]*\)/g)]
        .map(([, target = ""]) => target)
        .filter((target) => !/^[a-z]+:/.test(target) && !existsSync(join(root, dirname(file), target)))
        .map((target) => `${file}: ${target}`),
    );
    expect(broken).toEqual([]);
  });

  it("every file that the architecture, the runbook and the decisions name is there", async () => {
    const missing = (await pages())
      .filter(({ file }) => /README|architecture|runbook|adr\//.test(file))
      .flatMap(({ file, text }) =>
        [...text.matchAll(/`((?:ingest|transcode|edge|player|ops)\/[\w./-]+\.(?:ts|mjs|md|json|jsonc|svelte))`/g)]
          .map(([, path = ""]) => path)
          .filter((path) => !existsSync(join(root, path)))
          .map((path) => `${file}: ${path}`),
      );
    expect(missing).toEqual([]);
  });

  it("decisions are numbered without a gap", async () => {
    const numbers: number[] = [];
    for await (const file of glob("ops/docs/adr/*.md", { cwd: root })) {
      numbers.push(Number(/(\d{4})-/.exec(file)?.[1]));
    }
    numbers.sort((a, b) => a - b);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  });
});
