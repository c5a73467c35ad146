import { readFile } from "node:fs/promises";
import { rootDir, runTool } from "./tools.ts";

/** Tests of one run by how they ended. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
}

/**
 * Runs Vitest with the given arguments. A file that does not load, a skipped test, an error
 * outside all tests or a run without a report counts as a failure: silence is not success.
 */
export async function runProjects(
  args: readonly string[],
  options: { readonly reportFile: string; readonly cwd?: string; readonly live?: boolean },
): Promise<Counts> {
  const { reportFile, cwd = rootDir, live = true } = options;
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`];
  const { code } = await runTool("vitest", ["run", "--config", "ops/config/vitest.config.ts", ...reporters, ...args], {
    cwd,
    live,
  });
  const counts = countTests(await readFile(reportFile, "utf8").catch(() => "{}"));
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

/** Counts of a Vitest JSON report. */
export function countTests(report: string): Counts {
  const parsed = JSON.parse(report) as {
    readonly numPassedTests?: number;
    readonly testResults?: readonly {
      readonly status: string;
      readonly assertionResults: readonly { readonly status: string }[];
    }[];
  };
  const files = parsed.testResults ?? [];
  const unloaded = files.filter((file) => file.status === "failed" && file.assertionResults.length === 0).length;
  const notPassed = files.flatMap((file) => file.assertionResults).filter(({ status }) => status !== "passed").length;
  return { passed: parsed.numPassedTests ?? 0, failed: unloaded + notPassed };
}
