/**
 * Who goes first where a rig's machines are really one: hosts, guests and encoders have machines of their own, so a
 * browser must not starve the service that is looked at, nor the service the encoder that feeds it.
 */
import { readdir, writeFile } from "node:fs/promises";
import { setPriority } from "node:os";
import { descendants } from "@lianmai/e2e/descendants";

/** A tenth of the others' share when all want more than there is; the whole of what they leave. */
const BROWSER_NICE = 10;
/** Above all of the service: what an encoder sends late, no service can show in time. */
const RIG_NICE = -8;

/** Lowers the priority of all that runs below this process and has `command` in its command line; children inherit it. */
export async function stepBack(command: string): Promise<void> {
  for (const pid of await descendants(process.pid, command)) {
    // Schedulers that group by session look at the group's niceness, not at a thread's.
    const grouped = await writeFile(`/proc/${pid}/autogroup`, String(BROWSER_NICE)).then(
      () => true,
      () => false,
    );
    if (grouped) continue;
    for (const thread of await readdir(`/proc/${pid}/task`).catch(() => [])) setNiceness(Number(thread), BROWSER_NICE);
  }
}

/**
 * Raises an encoder's process, and this process's session with it: nothing of the service may be in that. Where it is
 * not allowed, the encoder may be late, and the programme's counters say so.
 */
export async function goFirst(pid: number | undefined): Promise<void> {
  await writeFile("/proc/self/autogroup", String(RIG_NICE)).catch(() => {});
  for (const thread of await readdir(`/proc/${pid}/task`).catch(() => [])) setNiceness(Number(thread), RIG_NICE);
}

function setNiceness(thread: number, niceness: number): void {
  try {
    setPriority(thread, niceness);
  } catch {
    // It has ended since it was listed, or it is not allowed.
  }
}
