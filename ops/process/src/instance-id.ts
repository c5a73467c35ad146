import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Names this installation's process of a kind across restarts, so that a new run takes back at once what its
 * predecessor held. Kept in `DATA_DIR/<kind>/instance-id`. Throws when the directory cannot be written.
 */
export function readInstanceId(dataDir: string, kind: string): string {
  const directory = join(dataDir, kind);
  const file = join(directory, "instance-id");
  try {
    const known = readFileSync(file, "utf8").trim();
    if (/^[0-9a-f]{32}$/.test(known)) return known;
  } catch {
    // First start.
  }
  const made = randomBytes(16).toString("hex");
  mkdirSync(directory, { recursive: true });
  writeFileSync(file, `${made}\n`);
  return made;
}
