/**
 * A network of the torture's own: a namespace whose only interface is its loopback, with small socket buffers, so
 * that slow readers are felt, and rules that drop packets. Needs unshare, ip and iptables, and root.
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
/** Least, usual and most bytes of a socket's buffer. */
const SMALL_BUFFERS = "4096 16384 32768";
const LOSS = "0.05";

/** Programs, and the Debian packages that bring them. */
const NEEDED = { unshare: "util-linux", ip: "iproute2", iptables: "iptables" } as const;

/** Why there can be no network of one's own here, and what to do, in one line; undefined when there can. */
export function whyNoNetwork({ uid = process.getuid?.(), path = process.env["PATH"] ?? "" } = {}): string | undefined {
  if (uid !== 0) return "a network of its own needs root; --network 0 does without, and loses no packets";
  const isThere = (program: string) => path.split(":").some((directory) => existsSync(join(directory, program)));
  const missing = Object.entries(NEEDED).filter(([program]) => !isThere(program));
  if (missing.length === 0) return undefined;
  const [programs, packages] = [missing.map(([program]) => program), missing.map(([, name]) => name)];
  return `${programs.join(", ")} not found in PATH: apt-get install -y --no-install-recommends ${packages.join(" ")}`;
}

/** Runs this program again with `args` in a namespace of its own; answers its exit code. */
export async function inNamespace(args: readonly string[]): Promise<number> {
  const again = [process.execPath, ...process.execArgv, process.argv[1] ?? "", ...args];
  const child = spawn("unshare", ["--net", "--", ...again], { stdio: "inherit" });
  const [code] = await once(child, "exit");
  return Number(code ?? 1);
}

/** Brings the namespace's loopback up and makes socket buffers small. */
export async function setUpNetwork(): Promise<void> {
  await run("ip", ["link", "set", "lo", "up"]);
  for (const name of ["tcp_rmem", "tcp_wmem"]) await writeFile(`/proc/sys/net/ipv4/${name}`, SMALL_BUFFERS);
}

/** Drops one packet in twenty to and from a port, from `on` to `off`. */
export class PacketLoss {
  readonly #port: number;
  #depth = 0;

  constructor(port: number) {
    this.#port = port;
  }

  async on(): Promise<void> {
    this.#depth += 1;
    if (this.#depth === 1) await this.#rules("-A");
  }

  async off(): Promise<void> {
    this.#depth -= 1;
    if (this.#depth === 0) await this.#rules("-D");
  }

  async #rules(what: "-A" | "-D"): Promise<void> {
    for (const end of ["--dport", "--sport"]) {
      const match = ["-p", "tcp", end, String(this.#port), "-m", "statistic", "--mode", "random"];
      await run("iptables", [what, "INPUT", ...match, "--probability", LOSS, "-j", "DROP"]);
    }
  }
}
