/** `npm run check`: every checker on this checkout, then the proof that each of them can turn red. */
import { findBlindCheckers } from "./canaries.ts";
import { checkers } from "./checkers.ts";
import { rootDir } from "./tools.ts";

const only = process.argv.slice(2);
const names = [...checkers.map(({ name }) => name), "canaries"];
if (!only.every((name) => names.includes(name))) {
  process.stderr.write(`there are these checks: ${names.join(", ")}\n`);
  process.exit(64);
}
let failed = 0;

for (const checker of checkers) {
  if (only.length > 0 && !only.includes(checker.name)) continue;
  const startedMs = performance.now();
  const { code, output } = await checker.check(rootDir);
  report(checker.name, code === 0, output, startedMs);
}
if (only.length === 0 || only.includes("canaries")) {
  const startedMs = performance.now();
  const blind = await findBlindCheckers();
  report("canaries", blind.length === 0, blind.join("\n"), startedMs);
}
process.exitCode = failed === 0 ? 0 : 1;

function report(name: string, isGreen: boolean, output: string, startedMs: number): void {
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
  if (!isGreen) {
    failed += 1;
    process.stdout.write(`${output.trimEnd()}\n`);
  }
  process.stdout.write(`${isGreen ? "ok  " : "FAIL"}  ${name} (${seconds} s)\n`);
}
