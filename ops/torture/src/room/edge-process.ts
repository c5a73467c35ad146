import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { BELL_FATES, type BellFates, type EdgeOrder, type EdgeSaid } from "./faulty-edge-messages.ts";

/** The next fault does not wait longer for an edge that starts. */
const START_BUDGET_MS = 10_000;

/** The edge under torture, as a process that can be killed, made to stand still and told what to suffer. */
export class EdgeProcess {
  /** What befell the bells in all edges so far. */
  readonly bells: BellFates = { dropped: 0, doubled: 0, late: 0 };
  readonly #env: Readonly<Record<string, string>>;
  #child: ChildProcess | undefined;

  constructor(env: Readonly<Record<string, string>>) {
    this.#env = env;
  }

  async start(): Promise<void> {
    const child = fork(new URL("./faulty-edge.ts", import.meta.url), [], {
      env: { ...process.env, ...this.#env },
      execArgv: ["--disable-warning=ExperimentalWarning"],
    });
    this.#child = child;
    child.on("message", (said: EdgeSaid) => {
      if (said.kind === "bells") for (const fate of BELL_FATES) this.bells[fate] += said.bells[fate];
    });
    const enough = sleep(START_BUDGET_MS, undefined, { ref: false });
    await Promise.race([this.#hears("ready"), once(child, "exit"), enough]);
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }

  async pause(ms: number): Promise<void> {
    this.#child?.kill("SIGSTOP");
    await sleep(ms);
    this.#child?.kill("SIGCONT");
  }

  order(order: EdgeOrder): void {
    if (this.#child?.connected) this.#child.send(order);
  }

  /** Mutes somebody for good; answers the act's id. */
  async mute(user: string, room: string): Promise<string> {
    const muted = this.#hears("muted");
    this.order({ mute: user, room });
    await muted;
    return `mute-${user}`;
  }

  #hears(kind: EdgeSaid["kind"]): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const child = this.#child;
    const listen = (said: EdgeSaid) => {
      if (said.kind !== kind) return;
      child?.off("message", listen);
      resolve();
    };
    child?.on("message", listen);
    return promise;
  }
}
