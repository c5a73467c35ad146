/** `npm run fix`: formats, and applies the safe fixes of the linter. */
import { runTool } from "./tools.ts";

const paths = process.argv.slice(2);
const args = ["check", "--write", "--config-path", "ops/config/lint.jsonc", ...paths];
process.exitCode = (await runTool("biome", args, { live: true })).code;
