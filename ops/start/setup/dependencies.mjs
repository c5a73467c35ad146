import { readFileSync } from "node:fs";
import { join } from "node:path";
import { rootDir, runNpm, SetupError, say } from "./run.mjs";

/** Installs the locked npm packages unless `node_modules` already holds exactly them. */
export async function ensureDependencies(env) {
  const wanted = readLock(join(rootDir, "package-lock.json"));
  if (!wanted) throw new SetupError("package-lock.json is missing or damaged; restore it from the repository.");
  if (matches(wanted, readLock(join(rootDir, "node_modules/.package-lock.json")))) return;
  say("installing the locked npm packages");
  const code = await runNpm(["ci", "--no-audit", "--no-fund", "--loglevel=error"], { env });
  if (code === 0) return;
  throw new SetupError(
    "npm could not install the packages (see above). Check the network and the disk, then run again.",
  );
}

/**
 * Whether an installed tree is the locked one. npm writes the tree's own record last, so an
 * interrupted install has none. Only optional packages (other platforms' binaries) may be absent.
 */
export function matches(wanted, installed) {
  if (!installed) return false;
  for (const [path, entry] of Object.entries(wanted)) {
    if (!path.includes("node_modules/")) continue;
    const found = installed[path];
    if (found ? found.version !== entry.version || found.integrity !== entry.integrity : !isOptional(entry))
      return false;
  }
  return Object.keys(installed).every((path) => path in wanted);
}

const isOptional = (entry) => entry.optional === true || entry.devOptional === true || entry.peer === true;

function readLock(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch {
    return undefined;
  }
}
