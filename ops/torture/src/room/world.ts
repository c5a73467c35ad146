import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "@lianmai/process/testing/redis-server";
import { pick, type Random, randomFrom } from "@lianmai/process/testing/seeded-random";
import { cutWals } from "./cut-wal.ts";
import type { EdgeOrder } from "./faulty-edge.ts";
import { judge } from "./judge.ts";
import { PacketLoss } from "./network.ts";
import { OwnRedis } from "./own-redis.ts";
import { Person, until } from "./people.ts";
import { archivedCids } from "./read-archive.ts";
import { SlowProxy } from "./slow-proxy.ts";

const ROOM = "rack";
const MUTED = "mallory";
/** What may happen, and how often beside the others. */
const FAULTS = {
  "edge killed": 1,
  "redis killed": 2,
  "power lost": 1,
  "redis paused": 2,
  "edge paused": 1,
  "connections cut": 2,
  "packets lost": 2,
  "readers slow": 1,
  "bells silent": 2,
} as const;
type Fault = keyof typeof FAULTS;
const CHANCES = Object.entries(FAULTS).flatMap(([fault, times]) => Array<Fault>(times).fill(fault as Fault));

/** People speak this often each. */
const SAY_EVERY_MS = 120;
/** Least time between two faults, and how much more chance adds. */
const REST_MS = 500;
const MORE_REST_MS = 2_500;
/** After the last fault everything must be told within this. */
const SETTLE_MS = 240_000;
/** Longer than a slow reader is borne. */
const SLOW_MS = 18_000;
const LOSS_MS = 6_000;
const SILENT_MS = 2_500;
/** Before power is lost the disk often takes nothing more: what was acknowledged then is only in memory. */
const STUCK_MS = 700;
const START_BUDGET_MS = 10_000;
const PASSWORD = "torture only";

/** What a run is asked for. */
export interface RoomOptions {
  readonly seconds: number;
  readonly people: number;
  readonly seed: number;
  /** The rule that is taken out; "" for none. */
  readonly rule: string;
  /** Whether this network is the run's own, so that packets may be lost in it. */
  readonly hasNetwork: boolean;
}

/** A Redis, an edge and people, and what befalls them. */
export class World {
  readonly #dir: string;
  readonly #options: RoomOptions;
  readonly #people: Person[] = [];
  readonly #random: Random;
  readonly #passing = new Set<Promise<void>>();
  #redis: OwnRedis | undefined;
  #edge: ChildProcess | undefined;
  #proxy: SlowProxy | undefined;
  #loss: PacketLoss | undefined;
  #port = 0;
  #answered = false;
  #muteCid = "";

  constructor(dir: string, options: RoomOptions) {
    this.#dir = dir;
    this.#options = options;
    this.#random = randomFrom(options.seed);
  }

  /** Starts everything, brings the people in and mutes one of them. */
  async start(): Promise<void> {
    this.#redis = new OwnRedis(this.#dir, await freePort());
    this.#port = await freePort();
    this.#loss = new PacketLoss(this.#port);
    this.#proxy = await SlowProxy.start(this.#port);
    await this.#redis.start();
    await this.#startEdge();
    await until(() => this.#isUp(), SETTLE_MS);
    const host = await this.#signUp("host");
    await this.#call("/api/v1/rooms", host, { slug: ROOM, title: "Rack" });
    const names = [...Array.from({ length: this.#options.people }, (_, index) => `person ${index}`), MUTED];
    for (const [index, name] of names.entries()) {
      const session = await this.#signUp(name);
      // half of them are behind a network that may become slow
      const port = index % 2 === 0 ? this.#port : this.#proxy.port;
      const forgetOnAck = this.#options.rule === "durable";
      this.#people.push(await Person.join(name, { base: urlOf(port), room: ROOM, session, forgetOnAck }));
    }
    await until(() => this.#people.every((person) => person.waiting === 0), 10_000);
    await this.#mute();
  }

  /** Lets people talk while faults come; answers how many of each there were. */
  async run(): Promise<[string, number][]> {
    const counts = new Map<string, number>();
    const speaking = setInterval(() => {
      for (const person of this.#people) person.say(ROOM);
    }, SAY_EVERY_MS);
    const endMs = performance.now() + this.#options.seconds * 1_000;
    while (performance.now() < endMs) {
      await sleep(REST_MS + this.#random() * MORE_REST_MS);
      const fault = pick(this.#random, CHANCES);
      if (fault === "packets lost" && !this.#options.hasNetwork) continue;
      counts.set(fault, (counts.get(fault) ?? 0) + 1);
      await this.#do(fault);
    }
    await Promise.all(this.#passing);
    // the last bells are always lost
    this.#order({ silentMs: SILENT_MS });
    await sleep(SILENT_MS / 2);
    clearInterval(speaking);
    return [...counts];
  }

  /** Lets everything settle, then looks at what each was told. */
  async judge(): Promise<string[]> {
    const muted = this.#people.find(({ name }) => name === MUTED);
    const listeners = this.#people.filter((person) => person !== muted);
    await until(() => this.#people.every((person) => person.waiting === 0), SETTLE_MS);
    const longest = () => Math.max(archivedCids(this.#dir).length, ...listeners.map(({ shown }) => shown));
    await until(() => new Set(listeners.map(({ shown }) => shown)).size === 1 && longest() > 0, SETTLE_MS / 2);
    await sleep(2_000);
    return judge({
      told: listeners.map(({ name, cids }) => ({ receiver: name, cids })),
      archived: archivedCids(this.#dir),
      durable: listeners.flatMap((person) => this.#expected(person)),
      ...{ mute: this.#muteCid, muted: (cid) => muted?.said.includes(cid) ?? false },
    });
  }

  counts(): { readonly spoken: number; readonly durable: number; readonly welcomes: number } {
    const sum = (count: (person: Person) => number) => this.#people.reduce((total, person) => total + count(person), 0);
    return {
      spoken: sum(({ said }) => said.length),
      durable: sum(({ durable }) => durable.length),
      welcomes: sum(({ welcomes }) => welcomes),
    };
  }

  async stop(): Promise<void> {
    for (const person of this.#people) person.close();
    this.#edge?.kill("SIGKILL");
    this.#proxy?.stop();
    await this.#redis?.stop();
  }

  /** What a person may rely on; with the rule `durable` taken out it relies on the first acknowledgement. */
  #expected(person: Person): readonly string[] {
    if (this.#options.rule !== "durable") return person.durable;
    const refused = new Set(person.refused);
    return person.said.filter((cid) => !refused.has(cid));
  }

  async #do(fault: Fault): Promise<void> {
    switch (fault) {
      case "edge killed":
        await this.#killEdge();
        return this.#startEdge();
      case "redis killed":
        await this.#redis?.kill();
        return this.#redis?.start();
      case "power lost":
        return this.#losePower();
      case "redis paused":
        return this.#redis?.pause(500 + this.#random() * 4_000);
      case "edge paused":
        return this.#pauseEdge(500 + this.#random() * 4_000);
      case "connections cut":
        for (const person of this.#people) if (this.#random() < 0.5) person.cut();
        return;
      case "bells silent":
        return this.#order({ silentMs: SILENT_MS });
      case "packets lost":
        return this.#meanwhile(this.#losePackets());
      case "readers slow":
        return this.#meanwhile(this.#readSlowly());
    }
  }

  /** What goes on while other faults come. */
  #meanwhile(work: Promise<void>): void {
    const passing = work.finally(() => this.#passing.delete(passing));
    this.#passing.add(passing);
  }

  async #losePower(): Promise<void> {
    if (this.#random() < 0.5) {
      this.#order({ stuckMs: 2 * STUCK_MS });
      await sleep(STUCK_MS);
    }
    await Promise.all([this.#redis?.losePower(), this.#killEdge()]);
    await cutWals(this.#dir, this.#random);
    await this.#redis?.start();
    await this.#startEdge();
  }

  async #pauseEdge(ms: number): Promise<void> {
    this.#edge?.kill("SIGSTOP");
    await sleep(ms);
    this.#edge?.kill("SIGCONT");
  }

  async #losePackets(): Promise<void> {
    await this.#loss?.on();
    await sleep(LOSS_MS);
    await this.#loss?.off();
  }

  async #readSlowly(): Promise<void> {
    this.#proxy?.slow();
    await sleep(SLOW_MS);
    this.#proxy?.quick();
  }

  #order(order: EdgeOrder): void {
    if (this.#edge?.connected) this.#edge.send(order);
  }

  async #mute(): Promise<void> {
    const token = await this.#call("/api/v1/room/token", await this.#signIn(MUTED), {});
    const { id } = (token as { user: { id: string } }).user;
    this.#order({ mute: id, room: ROOM });
    await once(this.#edge as ChildProcess, "message");
    this.#muteCid = `mute-${id}`;
  }

  async #killEdge(): Promise<void> {
    const edge = this.#edge;
    if (!edge || edge.exitCode !== null || edge.signalCode !== null) return;
    const gone = once(edge, "exit");
    edge.kill("SIGKILL");
    await gone;
  }

  async #startEdge(): Promise<void> {
    const edge = fork(new URL("./faulty-edge.ts", import.meta.url), [], {
      env: {
        ...process.env,
        ...{ HTTP_HOST: "127.0.0.1", HTTP_PORT: String(this.#port), DATA_DIR: this.#dir, LOG_LEVEL: "fatal" },
        ...{ REDIS_URL: `redis://127.0.0.1:${this.#redis?.port}`, ADMIN_PASSWORD: PASSWORD },
        TORTURE_RULE: this.#options.rule,
      },
      execArgv: ["--disable-warning=ExperimentalWarning"],
    });
    this.#edge = edge;
    // on a busy machine the next fault does not wait for it
    const enough = sleep(START_BUDGET_MS, undefined, { ref: false });
    await Promise.race([once(edge, "message"), once(edge, "exit"), enough]);
  }

  /** Looked at while it starts; true from its first answer on. */
  #isUp(): boolean {
    void fetch(`${urlOf(this.#port)}/healthz`).then(
      () => {
        this.#answered = true;
      },
      () => undefined,
    );
    return this.#answered;
  }

  #signUp(name: string): Promise<string> {
    return this.#session("/api/v1/users", name);
  }

  #signIn(name: string): Promise<string> {
    return this.#session("/api/v1/sessions", name);
  }

  async #session(path: string, name: string): Promise<string> {
    const session = await this.#call(path, undefined, { name, password: PASSWORD });
    return (session as { token: string }).token;
  }

  async #call(path: string, token: string | undefined, body: unknown): Promise<unknown> {
    const headers = {
      "content-type": "application/json",
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    };
    const response = await fetch(urlOf(this.#port) + path, { method: "POST", headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
    return response.json();
  }
}

const urlOf = (port: number): string => `http://127.0.0.1:${port}`;
