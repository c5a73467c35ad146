import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PreflightError } from "./preflight/problem.ts";

/** Name of the lock in the data directory. */
export const LOCK_FILE = "supervisor.lock";

/** The right to run the service on one data directory. */
export interface DataLock {
  /** Whether the last holder died without giving the lock back. */
  readonly wasStale: boolean;
  release(): Promise<void>;
}

/**
 * Takes the lock, or throws {@link PreflightError} when a living process holds it. A holder is
 * known by process id and start time, so that a reused id does not look alive.
 */
export async function takeDataLock(dataDir: string): Promise<DataLock> {
  const file = join(dataDir, LOCK_FILE);
  const mine = `${process.pid} ${await readStartTime(process.pid)}\n`;
  let wasStale = false;
  for (;;) {
    if (await createWhole(file, mine)) return { wasStale, release: () => release(file, mine) };
    const held = await readFile(file, "utf8").catch(() => undefined);
    if (held === undefined) continue;
    const pid = Number(held.split(" ", 1)[0]);
    if (await isAlive(held, pid)) {
      throw new PreflightError(
        `Another start (pid ${pid}) is using ${dataDir}: stop it, or set DATA_DIR and the ports of this one.`,
      );
    }
    wasStale = true;
    await removeExactly(file, held);
  }
}

/** Creates the lock with its content in one step, so that nobody reads an empty one. False when it exists. */
async function createWhole(file: string, content: string): Promise<boolean> {
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, content, { mode: 0o600 });
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/** Removes the lock if it still is the stale one: a rival may have replaced it in between. */
async function removeExactly(file: string, stale: string): Promise<void> {
  const aside = `${file}.${process.pid}.stale`;
  try {
    await rename(file, aside);
  } catch {
    return;
  }
  if ((await readFile(aside, "utf8")) !== stale) await link(aside, file).catch(() => undefined);
  await rm(aside, { force: true });
}

async function release(file: string, mine: string): Promise<void> {
  const held = await readFile(file, "utf8").catch(() => "");
  if (held === mine) await rm(file, { force: true });
}

async function isAlive(held: string, pid: number): Promise<boolean> {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  const startTime = await readStartTime(pid);
  return startTime !== "gone" && held === `${pid} ${startTime}\n`;
}

/** Start time of a process in clock ticks after boot (field 22 of /proc/PID/stat), with the boot's id. */
async function readStartTime(pid: number): Promise<string> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8");
    return fields[0] === "Z" ? "gone" : `${fields[19]} ${boot.trim()}`;
  } catch {
    return "gone";
  }
}
