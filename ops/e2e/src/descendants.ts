/** Finds processes by whose children they are. */
import { readdir, readFile } from "node:fs/promises";

/** Processes below `root` whose command line holds `text`, from /proc. */
export async function descendants(root: number, text: string): Promise<readonly number[]> {
  const parents = new Map<number, number>();
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
    parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
  }
  const below = (pid: number): boolean => {
    for (let at = parents.get(pid); at; at = parents.get(at)) if (at === root) return true;
    return false;
  };
  const found: number[] = [];
  for (const pid of parents.keys()) {
    if (!below(pid)) continue;
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (command.replaceAll("\0", " ").includes(text)) found.push(pid);
  }
  return found;
}
