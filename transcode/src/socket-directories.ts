/** Where encoders' and mixers' sockets are, and the removal of what a killed process left there. */
import { readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SOCKET_DIRECTORY_PREFIX } from "./program/media-chain.ts";

/** This process's directory of sockets. */
export const ownSocketDirectory = (): string => join(tmpdir(), `${SOCKET_DIRECTORY_PREFIX}${process.pid}`);

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
};

/** Removes the directories of processes that are gone. */
export async function removeStaleSocketDirectories(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = name.startsWith(SOCKET_DIRECTORY_PREFIX) ? Number(name.slice(SOCKET_DIRECTORY_PREFIX.length)) : 0;
    if (pid > 0 && !alive(pid)) await rm(join(tmpdir(), name), { recursive: true, force: true });
  }
}

/** Removes this process's own. */
export async function removeOwnSocketDirectory(): Promise<void> {
  await rm(ownSocketDirectory(), { recursive: true, force: true });
}
