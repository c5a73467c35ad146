/** The load of one server: a process of receivers and those who talk. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cpuSeconds } from "../process-figures.ts";
import { openPublishers, type Publishers } from "./publishers.ts";
import type { Server } from "./servers.ts";

/** What is asked of the receivers' process. */
export type ReceiversCall =
  | { readonly do: "open"; readonly tokens: readonly string[] }
  | { readonly do: "begin" | "drop" | "figures" };

/** What its receivers have taken since `begin`. */
export interface ReceiversFigures {
  readonly entries: number;
  /** Of the receiver that has the fewest. */
  readonly least: number;
  readonly missed: number;
  readonly doubled: number;
  /** From the sender's call to a sampled receiver. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly closed: number;
}

/** One stretch of talking. */
export interface Run {
  readonly rate: number;
  readonly seconds: number;
  readonly sent: number;
  readonly refused: number;
  /** Entries that should have come and did not, over all receivers. */
  readonly lost: number;
  readonly doubled: number;
  readonly deliveries: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly serverCores: number;
  readonly redisCores: number;
  readonly clientCores: number;
  /** CPU of the server for one entry at one receiver. */
  readonly microsPerDelivery: number;
}

/** What is still under way when nobody talks any more gets this long. */
const SETTLE_MS = 4_000;
const LOOK_EVERY_MS = 200;
const QUIET_MS = 1_500;

/** Receivers and senders of one server. */
export class Load {
  readonly server: Server;
  readonly #child: ChildProcess;
  #publishers: Publishers | undefined;
  #receivers = 0;

  private constructor(server: Server, child: ChildProcess) {
    this.server = server;
    this.#child = child;
  }

  static async start(server: Server): Promise<Load> {
    const child = fork(join(import.meta.dirname, "receivers.ts"), [server.system, String(server.port)]);
    await once(child, "message");
    return new Load(server, child);
  }

  /** Adds receivers; resolves when all are in the room. */
  async add(count: number): Promise<void> {
    const tokens = await this.server.tokens(this.#receivers + count);
    await this.#ask({ do: "open", tokens: tokens.slice(this.#receivers) });
    this.#receivers += count;
  }

  /** Opens connections of senders for rates up to `maxRate`. */
  async openPublishers(maxRate: number): Promise<void> {
    this.#publishers?.close();
    const tokens = await this.server.tokens(Math.ceil(maxRate));
    this.#publishers = await openPublishers(this.server.system, { port: this.server.port, tokens, maxRate });
  }

  /** Talks at a rate and counts what came. */
  async run(rate: number, seconds: number): Promise<Run> {
    const publishers = this.#publishers;
    if (!publishers) throw new Error("nobody can talk yet");
    const { pid, redisPid } = this.server;
    await this.#ask({ do: "begin" });
    const refusedBefore = publishers.refused;
    const before = [pid, redisPid, this.#child.pid].map(cpuOf);
    const sent = await publishers.talk(rate, seconds);
    const after = [pid, redisPid, this.#child.pid].map(cpuOf);
    const [server = 0, redis = 0, client = 0] = after.map((cpu, index) => cpu - (before[index] ?? 0));
    const figures = await this.#settled(sent * this.#receivers);
    const refused = publishers.refused - refusedBefore;
    return {
      ...{ rate, seconds, sent, refused, deliveries: figures.entries, doubled: figures.doubled },
      lost: Math.max(figures.missed, (sent - refused) * this.#receivers - figures.entries),
      ...{ p50Ms: figures.p50Ms, p99Ms: figures.p99Ms },
      serverCores: server / seconds,
      redisCores: redis / seconds,
      clientCores: client / seconds,
      microsPerDelivery: (server / Math.max(1, figures.entries)) * 1e6,
    };
  }

  /** Resolves when nothing comes to the receivers any more, or the budget is spent. */
  async drained(budgetMs: number): Promise<void> {
    const deadlineMs = performance.now() + budgetMs;
    for (let before = -1, now = 0; now !== before && performance.now() < deadlineMs; ) {
      before = now;
      await sleep(QUIET_MS);
      now = ((await this.#ask({ do: "figures" })) as ReceiversFigures).entries;
    }
  }

  /** Talks while every receiver loses its connection at once; answers how long each was away. */
  async dropAll(rate: number, seconds: number): Promise<{ readonly backMs: readonly number[]; readonly run: Run }> {
    const running = this.run(rate, seconds);
    await sleep(1_000);
    const backMs = (await this.#ask({ do: "drop" })) as readonly number[];
    return { backMs, run: await running };
  }

  stop(): void {
    this.#publishers?.close();
    this.#child.kill("SIGKILL");
  }

  async #settled(expected: number): Promise<ReceiversFigures> {
    const deadlineMs = performance.now() + SETTLE_MS;
    let figures = (await this.#ask({ do: "figures" })) as ReceiversFigures;
    while (figures.entries < expected && performance.now() < deadlineMs) {
      await sleep(LOOK_EVERY_MS);
      figures = (await this.#ask({ do: "figures" })) as ReceiversFigures;
    }
    return figures;
  }

  #tail: Promise<unknown> = Promise.resolve();

  /** One request after the other, as answers carry no number. */
  #ask(call: ReceiversCall): Promise<unknown> {
    const asked = this.#tail.then(async () => {
      this.#child.send(call);
      const [answer] = (await once(this.#child, "message")) as [{ result?: unknown; failure?: string }];
      if (answer.failure !== undefined) throw new Error(answer.failure);
      return answer.result;
    });
    this.#tail = asked.catch(() => undefined);
    return asked;
  }
}

const cpuOf = (pid: number | undefined): number => (pid === undefined ? 0 : cpuSeconds(pid));
