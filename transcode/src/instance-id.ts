/** A name of this installation's transcode instance that survives restarts: leases are taken back under it. */
import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Reads the instance's name from `dataDir`, or makes and keeps one. */
export async function instanceId(dataDir: string): Promise<string> {
  const path = join(dataDir, "transcode-instance");
  await mkdir(dataDir, { recursive: true });
  try {
    const text = (await readFile(path, "utf8")).trim();
    if (/^[0-9a-f]{16}$/.test(text)) return text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const fresh = randomBytes(8).toString("hex");
  await writeFile(path, `${fresh}\n`);
  return fresh;
}
