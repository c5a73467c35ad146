import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { rootDir, runNpm, SetupError, say } from "./run.mjs";

/** Oldest Node whose type stripping, `node:sqlite` and `Promise.withResolvers` the service stands on. */
const OLDEST = [24, 3];

/** Whether a version ("v24.21.0") is new enough. */
export function isNewEnough(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}

/** Path of a new enough Node: the running one, else the one in `.runtime/`, installed from npm when missing. */
export async function ensureNode() {
  if (isNewEnough(process.version)) return process.execPath;
  const folder = join(rootDir, ".runtime");
  const binary = join(folder, "node_modules", `node-${process.platform}-${process.arch}`, "bin", "node");
  if (works(binary)) return binary;
  say(`Node ${process.version} is too old for the service; getting Node 24 into .runtime/ (once)`);
  mkdirSync(folder, { recursive: true });
  for (const name of ["package.json", "package-lock.json"]) {
    copyFileSync(join(rootDir, "ops/start/runtime", name), join(folder, name));
  }
  const code = await runNpm(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: folder });
  if (code === 0 && works(binary)) return binary;
  throw new SetupError(
    `could not get Node 24 for ${process.platform}-${process.arch} from npm. Check the network and run again, ` +
      "or install Node 24 yourself (https://nodejs.org).",
  );
}

function works(binary) {
  try {
    return isNewEnough(execFileSync(binary, ["--version"], { encoding: "utf8" }).trim());
  } catch {
    return false;
  }
}
