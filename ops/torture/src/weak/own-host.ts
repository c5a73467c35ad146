/**
 * A host of the torture's own, in a network namespace, behind one cable that can lose packets and be narrow.
 * Needs ip, iptables and tc, and root.
 */
import { execFile } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
/** The cable's two ends, and where the far one moves to. */
const NEAR = "10.77.0.1";
const FAR = "10.77.0.2";
const FAR_MOVED = "10.77.0.3";
/** What does not fit the narrow cable waits at most this long. */
const QUEUE = "300ms";
const BURST = "10kb";

export class OwnHost {
  /** This machine's address, as the host sees it. */
  readonly near = NEAR;
  readonly #name: string;
  readonly #cable: { readonly near: string; readonly far: string };
  #directory = "";

  private constructor() {
    this.#name = `lianmai-${process.pid}`;
    this.#cable = { near: `lm${process.pid}a`, far: `lm${process.pid}b` };
  }

  static async make(): Promise<OwnHost> {
    const host = new OwnHost();
    await run("ip", ["netns", "add", host.#name]);
    try {
      await host.#connect();
    } catch (error) {
      await host.remove();
      throw error;
    }
    return host;
  }

  /** A program that runs `program` on this host, with the arguments it is given. */
  async wrap(program: string): Promise<string> {
    this.#directory ||= await mkdtemp(join(tmpdir(), "lianmai-own-host-"));
    const path = join(this.#directory, "run");
    await writeFile(path, `#!/bin/sh\nexec ip netns exec ${this.#name} ${program} "$@"\n`);
    await chmod(path, 0o755);
    return path;
  }

  /** Loses this share of the UDP packets, each way; 0 ends it. */
  async lose(share: number): Promise<void> {
    for (const chain of ["INPUT", "OUTPUT"]) await this.#inside("iptables", ["-F", chain]);
    if (share === 0) return;
    const match = ["-p", "udp", "-m", "statistic", "--mode", "random", "--probability", String(share)];
    for (const chain of ["INPUT", "OUTPUT"]) await this.#inside("iptables", ["-A", chain, ...match, "-j", "DROP"]);
  }

  /** Lets so many kilobits a second through to this host; undefined: as many as come. */
  async narrow(kilobits: number | undefined): Promise<void> {
    const { near } = this.#cable;
    await run("tc", ["qdisc", "del", "dev", near, "root"]).catch(() => {});
    if (kilobits === undefined) return;
    const shape = ["tbf", "rate", `${kilobits}kbit`, "burst", BURST, "latency", QUEUE];
    await run("tc", ["qdisc", "add", "dev", near, "root", ...shape]);
  }

  /** Lets nothing through, without a word to either end; false ends it. */
  async drop(isDropped: boolean): Promise<void> {
    for (const chain of ["INPUT", "OUTPUT"]) {
      await this.#inside("iptables", ["-F", chain]);
      if (isDropped) await this.#inside("iptables", ["-A", chain, "-j", "DROP"]);
    }
  }

  /** Pulls the cable out, which the host notices, or puts it in again. */
  async plug(isIn: boolean): Promise<void> {
    await run("ip", ["link", "set", this.#cable.near, isIn ? "up" : "down"]);
  }

  /** Another address, as a phone gets that changes networks. Once. */
  async move(): Promise<void> {
    const { far } = this.#cable;
    await this.#inside("ip", ["addr", "del", `${FAR}/24`, "dev", far]);
    await this.#inside("ip", ["addr", "add", `${FAR_MOVED}/24`, "dev", far]);
    await this.#inside("ip", ["route", "replace", "default", "via", NEAR]);
  }

  async remove(): Promise<void> {
    // A program that is about to end holds the namespace: the cable would stay with it, and its address.
    await run("ip", ["link", "del", this.#cable.near]).catch(() => {});
    await run("ip", ["netns", "del", this.#name]);
    if (this.#directory) await rm(this.#directory, { recursive: true, force: true });
  }

  async #connect(): Promise<void> {
    const { near, far } = this.#cable;
    await run("ip", ["link", "add", near, "type", "veth", "peer", "name", far, "netns", this.#name]);
    await run("ip", ["addr", "add", `${NEAR}/24`, "dev", near]);
    await run("ip", ["link", "set", near, "up"]);
    await this.#inside("ip", ["addr", "add", `${FAR}/24`, "dev", far]);
    for (const device of ["lo", far]) await this.#inside("ip", ["link", "set", device, "up"]);
    await this.#inside("ip", ["route", "add", "default", "via", NEAR]);
  }

  #inside(program: string, args: readonly string[]): Promise<unknown> {
    return run("ip", ["netns", "exec", this.#name, program, ...args]);
  }
}
