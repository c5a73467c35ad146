/**
 * `npm test`: the tests beside the sources, then the whole service end to end. Arguments go to
 * Vitest and narrow it to one run. The last line is always `N passed, N failed`.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runProjects } from "./run-projects.ts";

const args = process.argv.slice(2);
const runs =
  args.length > 0
    ? [args]
    : [
        ["--project", "parts", "--project", "player"],
        ["--project", "e2e"],
      ];
const dir = await mkdtemp(join(tmpdir(), "lianmai-test-"));
let passed = 0;
let failed = 0;
for (const [index, run] of runs.entries()) {
  const counts = await runProjects(run, { reportFile: join(dir, `${index}.json`) });
  passed += counts.passed;
  failed += counts.failed;
}
await rm(dir, { recursive: true, force: true });
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
