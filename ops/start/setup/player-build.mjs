import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rootDir, runNpm, SetupError, say } from "./run.mjs";

/** What the player's build is made from: its folder, the API types it imports, the packages. */
const SOURCES = ["player", "edge/src/protocol", "package-lock.json"];
const STAMP = join(rootDir, "player/dist/.stamp");

/** Builds the player when its sources differ from those of the last finished build. */
export async function ensurePlayer(env) {
  const wanted = hashSources(rootDir, SOURCES);
  if (readStamp() === wanted) return;
  say("building the player");
  const code = await runNpm(["run", "build", "--silent", "-w", "player"], { env, quiet: true });
  if (code !== 0) throw new SetupError("the player could not be built (see above).");
  writeFileSync(STAMP, wanted);
}

/** Hash over the names and bytes of all files below the given paths, tests and build output left out. */
export function hashSources(root, paths) {
  const hash = createHash("sha256");
  for (const path of paths) addTo(hash, root, path);
  return hash.digest("hex");
}

function addTo(hash, root, path) {
  let entries;
  try {
    entries = readdirSync(join(root, path), { withFileTypes: true });
  } catch (error) {
    if (error.code !== "ENOTDIR") throw error;
    hash.update(`${path}\0`).update(readFileSync(join(root, path)));
    return;
  }
  for (const { name } of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (name === "dist" || name === "node_modules" || name.includes(".test.") || name.startsWith(".")) continue;
    addTo(hash, root, `${path}/${name}`);
  }
}

function readStamp() {
  try {
    return readFileSync(STAMP, "utf8");
  } catch {
    return undefined;
  }
}
