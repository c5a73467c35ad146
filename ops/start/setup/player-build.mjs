import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hashSources } from "./hash-sources.mjs";
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

function readStamp() {
  try {
    return readFileSync(STAMP, "utf8");
  } catch {
    return undefined;
  }
}
