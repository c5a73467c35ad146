/**
 * Gives everything else on this machine the right of way over a browser: hosts and guests have machines of their own, so
 * what their browsers take must not starve the service that is looked at.
 */
import { readdir, writeFile } from "node:fs/promises";
import { setPriority } from "node:os";
import { descendants } from "@lianmai/e2e/descendants";

/** A third of the others' share when all want more than there is. */
const NICE = 5;

/** Lowers the priority of all that runs below this process and has `command` in its command line; children inherit it. */
export async function stepBack(command: string): Promise<void> {
  for (const pid of await descendants(process.pid, command)) {
    // Schedulers that group by session look at the group's niceness, not at a thread's.
    const grouped = await writeFile(`/proc/${pid}/autogroup`, String(NICE)).then(
      () => true,
      () => false,
    );
    if (grouped) continue;
    for (const thread of await readdir(`/proc/${pid}/task`).catch(() => [])) lower(Number(thread));
  }
}

function lower(thread: number): void {
  try {
    setPriority(thread, NICE);
  } catch {
    // It has ended since it was listed.
  }
}
