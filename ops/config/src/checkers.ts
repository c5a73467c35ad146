import { findBreaches } from "./fences.ts";
import { runTool, type ToolResult } from "./tools.ts";

/** One checker: looks at a checkout and says what is wrong; code 0 when nothing is. */
export interface Checker {
  readonly name: string;
  check(root: string): Promise<ToolResult>;
}

/** All checkers, in the order in which their findings help most. */
export const checkers: readonly Checker[] = [
  {
    name: "types",
    check: (cwd) => runTool("tsc", ["-p", "ops/config/tsconfig.json"], { cwd }),
  },
  {
    name: "player types",
    check: (cwd) =>
      runTool("svelte-check", ["--workspace", "player", "--tsconfig", "./tsconfig.json", "--fail-on-warnings"], {
        cwd,
      }),
  },
  {
    name: "lint",
    check: (cwd) =>
      runTool(
        "biome",
        ["check", "--config-path", "ops/config/lint.jsonc", "--error-on-warnings", "--max-diagnostics=200"],
        { cwd },
      ),
  },
  {
    name: "fences",
    check: async (cwd) => {
      const breaches = await findBreaches(cwd);
      return { code: breaches.length === 0 ? 0 : 1, output: breaches.join("\n") };
    },
  },
  {
    name: "dead code",
    check: (cwd) =>
      runTool("knip", ["--config", "ops/config/knip.jsonc", "--no-progress", "--no-config-hints"], { cwd }),
  },
];
