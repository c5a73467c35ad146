import { readFileSync } from "node:fs";
import { join } from "node:path";
import { rootDir, runNpm, SetupError, say } from "./run.mjs";

/**
 * Installs the locked npm packages unless `node_modules` already holds exactly them.
 * Not by `npm ci`: it refuses a lock file that lacks the optional binaries of platforms whose
 * packages the registry in use does not have. What npm installed is compared with the lock instead.
 */
export async function ensureDependencies(env) {
  const wanted = readLock(join(rootDir, "package-lock.json"));
  if (!wanted) throw new SetupError("package-lock.json is missing or damaged; restore it from the repository.");
  const isInstalled = () => matches(wanted, readLock(join(rootDir, "node_modules/.package-lock.json")));
  if (isInstalled()) return;
  say("installing the locked npm packages");
  const code = await runNpm(["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"], { env });
  if (code !== 0) {
    throw new SetupError(
      "npm could not install the packages (see above). Check the network and the disk, then run again.",
    );
  }
  if (isInstalled()) return;
  throw new SetupError("package-lock.json does not fit the package.json files: run npm install, and commit the lock.");
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
