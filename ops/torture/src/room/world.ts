import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "@lianmai/process/testing/redis-server";
import { pick, type Random, randomFrom } from "@lianmai/process/testing/seeded-random";
import { cutWals } from "./cut-wal.ts";
import { EdgeApi } from "./edge-api.ts";
import { EdgeProcess } from "./edge-process.ts";
import type { BellFates } from "./faulty-edge-messages.ts";
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
/** Every kind there is. */
export const PLAN = Object.keys(FAULTS) as readonly Fault[];
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
/** What is said last, while no bell rings at all. */
const UNHEARD_MS = 1_500;
/** Nothing is broken any more and all are connected: a beacon comes each second. */
const LAST_SETTLE_MS = 30_000;

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

/** What happened in a run. */
export interface RoomCounts {
  readonly spoken: number;
  readonly durable: number;
  readonly welcomes: number;
  readonly bells: Readonly<BellFates>;
  /** What losses of power took. */
  readonly cut: { readonly appendOnlyBytes: number; readonly walBytes: number };
}

/** A Redis, an edge and people, and what befalls them. */
export class World {
  readonly #dir: string;
  readonly #options: RoomOptions;
  readonly #people: Person[] = [];
  readonly #random: Random;
  readonly #passing = new Set<Promise<void>>();
  #redis: OwnRedis | undefined;
  readonly #cut = { appendOnlyBytes: 0, walBytes: 0 };
  #edge: EdgeProcess | undefined;
  #proxy: SlowProxy | undefined;
  #loss: PacketLoss | undefined;
  #muteCid = "";

  constructor(dir: string, options: RoomOptions) {
    this.#dir = dir;
    this.#options = options;
    this.#random = randomFrom(options.seed);
  }

  /** Starts everything, brings the people in and mutes one of them. */
  async start(): Promise<void> {
    const redis = new OwnRedis(this.#dir, await freePort());
    this.#redis = redis;
    const port = await freePort();
    this.#loss = new PacketLoss(port);
    this.#proxy = await SlowProxy.start(port);
    this.#edge = new EdgeProcess({
      ...{ HTTP_HOST: "127.0.0.1", HTTP_PORT: String(port), DATA_DIR: this.#dir, LOG_LEVEL: "fatal" },
      ...{ REDIS_URL: `redis://127.0.0.1:${redis.port}`, TORTURE_RULE: this.#options.rule },
    });
    await redis.start();
    await this.#edge.start();
    const api = new EdgeApi(port);
    await until(() => api.isUp(), SETTLE_MS);
    await api.makeRoom(await api.signUp("host"), ROOM);
    const names = [...Array.from({ length: this.#options.people }, (_, index) => `person ${index}`), MUTED];
    let session = "";
    for (const [index, name] of names.entries()) {
      session = await api.signUp(name);
      // half of them are behind a network that may become slow
      const base = `http://127.0.0.1:${index % 2 === 0 ? port : this.#proxy.port}`;
      const forgetOnAck = this.#options.rule === "durable";
      this.#people.push(await Person.join(name, { base, room: ROOM, session, forgetOnAck }));
    }
    await this.#allAreTold(10_000);
    this.#muteCid = await this.#edge.mute(await api.userId(session), ROOM);
  }

  /** Lets people talk while faults come; answers how many of each there were. */
  async run(): Promise<[string, number][]> {
    const counts = new Map<string, number>(PLAN.map((fault) => [fault, 0]));
    const endMs = performance.now() + this.#options.seconds * 1_000;
    const hush = this.#speak();
    while (performance.now() < endMs) {
      await sleep(REST_MS + this.#random() * MORE_REST_MS);
      const fault = pick(this.#random, CHANCES);
      if (fault === "packets lost" && !this.#options.hasNetwork) continue;
      counts.set(fault, (counts.get(fault) ?? 0) + 1);
      await this.#do(fault);
    }
    await Promise.all(this.#passing);
    hush();
    return [...counts];
  }

  /** Lets everything settle, has the last words said without a bell, then looks at what each was told. */
  async judge(): Promise<string[]> {
    await this.#allAreTold(SETTLE_MS);
    // later bells would show that something is missing: here none comes, and nobody who connects anew brings one
    this.#edge?.order({ deaf: true });
    const hush = this.#speak();
    await sleep(UNHEARD_MS);
    hush();
    await this.#allAreTold(LAST_SETTLE_MS);
    const muted = this.#people.find(({ name }) => name === MUTED);
    const listeners = this.#people.filter((person) => person !== muted);
    const longest = () => Math.max(archivedCids(this.#dir).length, ...listeners.map(({ shown }) => shown));
    await until(() => new Set(listeners.map(({ shown }) => shown)).size === 1 && longest() > 0, LAST_SETTLE_MS);
    await sleep(2_000);
    return judge({
      told: listeners.map(({ name, cids }) => ({ receiver: name, cids })),
      archived: archivedCids(this.#dir),
      durable: listeners.flatMap((person) => this.#expected(person)),
      waiting: this.#people.map(({ name, waiting }) => ({ publisher: name, count: waiting })),
      ...{ mute: this.#muteCid, muted: (cid) => muted?.said.includes(cid) ?? false },
    });
  }

  /** What happened, beside the faults of the plan. */
  counts(): RoomCounts {
    const sum = (count: (person: Person) => number) => this.#people.reduce((total, person) => total + count(person), 0);
    return {
      spoken: sum(({ said }) => said.length),
      durable: sum(({ durable }) => durable.length),
      welcomes: sum(({ welcomes }) => welcomes),
      bells: this.#edge?.bells ?? { dropped: 0, doubled: 0, late: 0 },
      cut: this.#cut,
    };
  }

  async stop(): Promise<void> {
    for (const person of this.#people) person.close();
    await this.#edge?.kill();
    this.#proxy?.stop();
    await this.#redis?.stop();
  }

  /** Lets everybody speak until the answer is called. */
  #speak(): () => void {
    const speaking = setInterval(() => {
      for (const person of this.#people) person.say(ROOM);
    }, SAY_EVERY_MS);
    return () => clearInterval(speaking);
  }

  /** Waits until everybody knows of all they said that it is durable or refused. */
  #allAreTold(budgetMs: number): Promise<boolean> {
    return until(() => this.#people.every((person) => person.waiting === 0), budgetMs);
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
        await this.#edge?.kill();
        return this.#edge?.start();
      case "redis killed":
        await this.#redis?.kill();
        return this.#redis?.start();
      case "power lost":
        return this.#losePower();
      case "redis paused":
        return this.#redis?.pause(500 + this.#random() * 4_000);
      case "edge paused":
        return this.#edge?.pause(500 + this.#random() * 4_000);
      case "connections cut":
        for (const person of this.#people) if (this.#random() < 0.5) person.cut();
        return;
      case "bells silent":
        return this.#edge?.order({ silentMs: SILENT_MS });
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
      this.#edge?.order({ stuckMs: 2 * STUCK_MS });
      await sleep(STUCK_MS);
    }
    const [appendOnlyBytes = 0] = await Promise.all([this.#redis?.losePower(), this.#edge?.kill()]);
    this.#cut.appendOnlyBytes += appendOnlyBytes;
    this.#cut.walBytes += await cutWals(this.#dir, this.#random);
    await this.#redis?.start();
    await this.#edge?.start();
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
}
