import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { hashSources } from "./hash-sources.mjs";
import { rootDir, run, SetupError, say } from "./run.mjs";

/** What the bundles are made from: the workspaces of the processes, how they are bundled, the packages. */
const SOURCES = ["ingest", "transcode", "edge", "ops/process", "ops/start/setup", "package-lock.json"];
const BUNDLES = join(rootDir, ".runtime/services");
const BUNDLER = fileURLToPath(new URL("./bundle-services.mjs", import.meta.url));

/** A bundle younger than this may belong to a service that is just starting. */
const SPARED_MS = 3_600_000;

/**
 * Folder of the bundled service; bundles it on `node` when the sources are not those of a bundle that is there.
 * Each state of the sources has a folder of its own, so that a running service keeps what it was started from.
 */
export async function ensureServices(node, env) {
  const name = hashSources(rootDir, SOURCES).slice(0, 20);
  const folder = join(BUNDLES, name);
  if (existsSync(folder)) return folder;
  say("bundling the service");
  const unfinished = `${folder}.${process.pid}`;
  const code = await run(node, [BUNDLER, unfinished], { env, quiet: true });
  if (code === 0) publish(unfinished, folder);
  rmSync(unfinished, { recursive: true, force: true });
  if (code !== 0) throw new SetupError("the service could not be bundled (see above).");
  removeUnused(name);
  return folder;
}

/** A whole bundle appears at once; one that another start has just made is as good. */
function publish(unfinished, folder) {
  try {
    renameSync(unfinished, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  }
}

function removeUnused(current) {
  const running = commandLines();
  for (const name of readdirSync(BUNDLES)) {
    const folder = join(BUNDLES, name);
    if (name === current || Date.now() - statSync(folder).mtimeMs < SPARED_MS) continue;
    if (!running.some((line) => line.includes(folder))) rmSync(folder, { recursive: true, force: true });
  }
}

function commandLines() {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8");
      } catch {
        return "";
      }
    });
}
