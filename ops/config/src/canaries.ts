import { cp, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkers } from "./checkers.ts";
import { runProjects } from "./run-projects.ts";
import { rootDir, type ToolResult } from "./tools.ts";

/** A change under `ops/canary/broken` that a checker must notice, and what it must say then. */
interface Canary {
  readonly overlay: string;
  readonly checker: string;
  readonly says: RegExp;
}

const lintRule = (rule: string): Canary => ({ overlay: rule, checker: "lint", says: new RegExp(`/${rule}\\b`) });

const canaries: readonly Canary[] = [
  { overlay: "type-error", checker: "types", says: /ingest\/src\/main\.ts.*TS2322/ },
  { overlay: "enum", checker: "types", says: /TS1294/ },
  { overlay: "svelte-type-error", checker: "player types", says: /app\.svelte/ },
  ...[
    "noUndeclaredDependencies",
    "noImportCycles",
    "noFloatingPromises",
    "noMisusedPromises",
    "useExhaustiveSwitchCases",
    "noProcessEnv",
    "useErrorCause",
    "noExplicitAny",
    "noExcessiveCognitiveComplexity",
    "noExcessiveLinesPerFile",
  ].map(lintRule),
  { overlay: "format", checker: "lint", says: /Formatter would have printed/ },
  { overlay: "direction-ingest", checker: "lint", says: /ingest\/src\/main\.ts.*noRestrictedImports/ },
  { overlay: "direction-transcode", checker: "lint", says: /transcode\/src\/main\.ts.*noRestrictedImports/ },
  { overlay: "direction-edge", checker: "lint", says: /edge\/src\/main\.ts.*noRestrictedImports/ },
  { overlay: "direction-player", checker: "lint", says: /player\/src\/main\.ts.*noRestrictedImports/ },
  { overlay: "direction-process", checker: "lint", says: /ops\/process\/src\/index\.ts.*noRestrictedImports/ },
  { overlay: "two-importers", checker: "fences", says: /pino must be imported in one file/ },
  { overlay: "unused-file", checker: "dead code", says: /Unused files[\s\S]*nobody\.ts/ },
  { overlay: "unused-export", checker: "dead code", says: /Unused exports[\s\S]*unusedExport/ },
  { overlay: "unused-dependency", checker: "dead code", says: /Unused dependencies[\s\S]*pino/ },
];

/** Checks that every checker is green on the clean tree and red on each of its canaries; names those that are not. */
export async function findBlindCheckers(): Promise<string[]> {
  const problems: string[] = [];
  for (const { name, check } of checkers) {
    const clean = await onTree(undefined, check);
    if (clean.code !== 0) problems.push(`${name} is red on the clean tree:\n${clean.output}`);
    for (const canary of canaries.filter(({ checker }) => checker === name)) {
      const { code, output } = await onTree(canary.overlay, check);
      const isSeen = code !== 0 && canary.says.test(output);
      if (!isSeen) problems.push(`${name} does not see ${canary.overlay} (code ${code}):\n${output}`);
    }
    if (!canaries.some(({ checker }) => checker === name)) problems.push(`${name} has no canary`);
  }
  return [...problems, ...(await findBlindTestRunner())];
}

async function findBlindTestRunner(): Promise<string[]> {
  const expected = { "": 0, "failing-test": 1, "unloadable-test": 1, "skipped-test": 1 };
  const problems: string[] = [];
  for (const [overlay, failed] of Object.entries(expected)) {
    const counts = await onTree(overlay || undefined, (cwd) =>
      runProjects(["--project", "parts"], { cwd, live: false, reportFile: join(cwd, "report.json") }),
    );
    if (counts.failed !== failed || counts.passed < 1) {
      problems.push(`the test runner counts ${JSON.stringify(counts)} with ${overlay || "the clean tree"}`);
    }
  }
  return problems;
}

/** Runs `use` in a throw-away checkout: the clean tree, the real configuration, one overlay. */
async function onTree<Result extends ToolResult | { readonly failed: number; readonly passed: number }>(
  overlay: string | undefined,
  use: (root: string) => Promise<Result>,
): Promise<Result> {
  const root = await mkdtemp(join(tmpdir(), "lianmai-canary-"));
  try {
    await cp(join(rootDir, "ops/canary/clean"), root, { recursive: true });
    for (const name of ["lint.jsonc", "knip.jsonc", "tsconfig.json", "vitest.config.ts"]) {
      await cp(join(rootDir, "ops/config", name), join(root, "ops/config", name));
    }
    await cp(join(rootDir, ".gitignore"), join(root, ".gitignore"));
    await symlink(join(rootDir, "node_modules"), join(root, "node_modules"));
    if (overlay) await cp(join(rootDir, "ops/canary/broken", overlay), root, { recursive: true });
    return await use(root);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
