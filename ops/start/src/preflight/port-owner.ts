import { readdir, readFile, readlink } from "node:fs/promises";

/** State 0A of /proc/net/tcp: listening. */
const LISTENING = "0A";

/** Who listens on a TCP port, as "name (pid 123)"; undefined when it cannot be told (another user's, not Linux). */
export async function findPortOwner(port: number): Promise<string | undefined> {
  try {
    const inodes = await listeningInodes(port);
    return inodes.size === 0 ? undefined : await findHolder(inodes);
  } catch {
    return undefined;
  }
}

async function listeningInodes(port: number): Promise<Set<string>> {
  const ending = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const inodes = new Set<string>();
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    const text = await readFile(table, "utf8").catch(() => "");
    for (const line of text.split("\n")) {
      const columns = line.trim().split(/\s+/);
      if (columns[1]?.endsWith(ending) && columns[3] === LISTENING && columns[9]) inodes.add(`socket:[${columns[9]}]`);
    }
  }
  return inodes;
}

async function findHolder(inodes: ReadonlySet<string>): Promise<string | undefined> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    if (!(await holdsAny(pid, inodes))) continue;
    const name = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "");
    return `${name.trim() || "a process"} (pid ${pid})`;
  }
  return undefined;
}

async function holdsAny(pid: string, inodes: ReadonlySet<string>): Promise<boolean> {
  const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
  for (const file of files) {
    const target = await readlink(`/proc/${pid}/fd/${file}`).catch(() => "");
    if (inodes.has(target)) return true;
  }
  return false;
}
