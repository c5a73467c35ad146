import { mkdir, rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PreflightError } from "./problem.ts";

/** Least free space a start asks for: room for the live window, the database and Redis' rewrite. */
export const LEAST_FREE_BYTES = 200 * 1024 * 1024;

/** Makes the data directory and proves that it can be written and has room. Throws {@link PreflightError}. */
export async function checkStorage(dataDir: string, options: { readonly leastFreeBytes?: number } = {}): Promise<void> {
  const { leastFreeBytes = LEAST_FREE_BYTES } = options;
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o750 });
    const probe = join(dataDir, `.write-probe-${process.pid}`);
    await writeFile(probe, "x");
    await rm(probe);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new PreflightError(
      `The data directory ${dataDir} cannot be written (${code ?? message}): make it writable for this user, or set DATA_DIR.`,
      { cause },
    );
  }
  const { bavail, bsize } = await statfs(dataDir);
  const freeBytes = bavail * bsize;
  if (freeBytes >= leastFreeBytes) return;
  const inMib = (bytes: number) => Math.floor(bytes / 1024 / 1024);
  throw new PreflightError(
    `Only ${inMib(freeBytes)} MiB free at ${dataDir}, ${inMib(leastFreeBytes)} MiB needed: free some space, or set DATA_DIR to another disk.`,
  );
}
