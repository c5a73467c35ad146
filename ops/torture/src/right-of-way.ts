/**
 * Who goes first where a rig's machines are really one: hosts, guests and encoders have machines of their own, so a
 * browser must not starve the service that is looked at, nor the service the encoder that feeds it.
 */
import { readFile, writeFile } from "node:fs/promises";
import { descendants } from "@lianmai/e2e/descendants";
import { prioritise, prioritiseSession } from "@lianmai/transcode/prioritise";

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
    if (!grouped) prioritise(pid, BROWSER_NICE);
  }
}

/**
 * Raises an encoder's process, and this process's session with it, in which none of the service's processes are. Where
 * it is not allowed, the encoder may be late, and the programme's counters say so. The answer puts the session back.
 */
export async function goFirst(pid: number | undefined): Promise<() => void> {
  const before = Number(/nice (-?\d+)/.exec(await readFile("/proc/self/autogroup", "utf8").catch(() => ""))?.[1] ?? 0);
  prioritiseSession(RIG_NICE);
  prioritise(pid, RIG_NICE);
  return () => prioritiseSession(before);
}
