/**
 * A room under faults: people speak and listen with the player's own connection while the edge and Redis are killed,
 * power is lost, processes stand still, bells are dropped, doubled and late, and connections are cut.
 * `npm run torture -- room --seconds 1200 --people 8 --seed 1`, and `--remove-rule dedup|state|bells|durable` to see
 * the judge find what that rule is for. The seed decides which faults come and when; the machine decides the rest.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { judge } from "./room/judge.ts";
import { OwnRedis } from "./room/own-redis.ts";
import { Person, until } from "./room/people.ts";

const ROOM = "rack";
const MUTED = "mallory";
const FAULTS = ["edge killed", "redis killed", "power lost", "redis paused", "edge paused", "connections cut"] as const;
const RULES = ["", "dedup", "state", "bells", "durable"];
/** People speak this often each. */
const SAY_EVERY_MS = 120;
/** After the last fault everything must be told within this. */
const SETTLE_MS = 60_000;

interface Options {
  readonly seconds: number;
  readonly people: number;
  readonly seed: number;
  readonly rule: string;
}

/** Runs it, prints what happened, and answers whether the promise held. */
export async function tortureRoom(args: readonly string[]): Promise<boolean> {
  const options = readOptions(args);
  const dir = await mkdtemp(join(tmpdir(), "lianmai-torture-room-"));
  const world = new World(dir, options);
  try {
    await world.start();
    const faults = await world.run();
    const violations = await world.judge();
    const { spoken, durable } = world.counts();
    const text = faults.map(([name, count]) => `${count} ${name}`).join(", ");
    process.stdout.write(`room: seed ${options.seed}, ${options.seconds} s, ${options.people} people; ${text}\n`);
    process.stdout.write(`${spoken} said, ${durable} durable, ${violations.length} violations\n`);
    for (const violation of violations) process.stdout.write(`  ${violation}\n`);
    return violations.length === 0;
  } finally {
    await world.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

function readOptions(args: readonly string[]): Options {
  const given = new Map<string, string>();
  for (let at = 0; at < args.length; at += 2) given.set(args[at] ?? "", args[at + 1] ?? "");
  const number = (name: string, fallback: number) => Number(given.get(name) ?? fallback);
  const rule = given.get("--remove-rule") ?? "";
  if (!RULES.includes(rule)) throw new Error(`--remove-rule knows ${RULES.slice(1).join(", ")}`);
  return { seconds: number("--seconds", 1_200), people: number("--people", 8), seed: number("--seed", 1), rule };
}

class World {
  readonly #dir: string;
  readonly #options: Options;
  readonly #people: Person[] = [];
  #redis: OwnRedis | undefined;
  #edge: ChildProcess | undefined;
  #port = 0;
  #state: number;

  constructor(dir: string, options: Options) {
    this.#dir = dir;
    this.#options = options;
    this.#state = options.seed;
  }

  async start(): Promise<void> {
    this.#redis = new OwnRedis(this.#dir, await freePort());
    this.#port = await freePort();
    await this.#redis.start();
    await this.#startEdge();
    const host = await this.#signUp("host");
    await this.#call("/api/v1/rooms", host, { slug: ROOM, title: "Rack" });
    const names = [...Array.from({ length: this.#options.people }, (_, index) => `person ${index}`), MUTED];
    for (const name of names) {
      const session = await this.#signUp(name);
      const forgetOnAck = this.#options.rule === "durable";
      this.#people.push(await Person.join(name, { base: this.#base, room: ROOM, session, forgetOnAck }));
    }
    await until(() => this.#people.every((person) => person.waiting === 0), 10_000);
    const me = await this.#call("/api/v1/room/token", await this.#signIn(MUTED), {});
    this.#edge?.send({ mute: (me as { user: { id: string } }).user.id, room: ROOM });
    await once(this.#edge as ChildProcess, "message");
    this.#muteCid = `mute-${(me as { user: { id: string } }).user.id}`;
  }

  #muteCid = "";

  async run(): Promise<[string, number][]> {
    const counts = new Map<string, number>();
    const speaking = setInterval(() => {
      for (const person of this.#people) person.say(ROOM);
    }, SAY_EVERY_MS);
    const endMs = performance.now() + this.#options.seconds * 1_000;
    while (performance.now() < endMs) {
      await sleep(1_000 + this.#random() * 3_000);
      const fault = FAULTS[Math.floor(this.#random() * FAULTS.length)] ?? FAULTS[0];
      counts.set(fault, (counts.get(fault) ?? 0) + 1);
      await this.#do(fault);
    }
    clearInterval(speaking);
    return [...counts];
  }

  /** Lets everything settle, then looks at what each was told. */
  async judge(): Promise<string[]> {
    const muted = this.#people.find(({ name }) => name === MUTED);
    await until(() => this.#people.every((person) => person.waiting === 0), SETTLE_MS);
    const listeners = this.#people.filter((person) => person !== muted);
    const durable = listeners.flatMap((person) => this.#expected(person));
    await until(() => listeners.every(({ cids }) => durable.every((cid) => cids.includes(cid))), SETTLE_MS / 2);
    return judge({
      told: listeners.map(({ name, cids }) => ({ receiver: name, cids })),
      ...{ durable, mute: this.#muteCid, muted: (cid) => muted?.said.includes(cid) ?? false },
    });
  }

  counts(): { readonly spoken: number; readonly durable: number } {
    const sum = (count: (person: Person) => number) => this.#people.reduce((total, person) => total + count(person), 0);
    return { spoken: sum(({ said }) => said.length), durable: sum(({ durable }) => durable.length) };
  }

  async stop(): Promise<void> {
    for (const person of this.#people) person.close();
    this.#edge?.kill("SIGKILL");
    await this.#redis?.stop();
  }

  /** What a person may rely on; with the rule `durable` taken out it relies on the first acknowledgement. */
  #expected(person: Person): readonly string[] {
    if (this.#options.rule !== "durable") return person.durable;
    return person.said.filter((cid) => !person.refused.includes(cid));
  }

  get #base(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async #do(fault: (typeof FAULTS)[number]): Promise<void> {
    const { kill } = process;
    switch (fault) {
      case "edge killed":
        this.#edge?.kill("SIGKILL");
        return this.#startEdge();
      case "redis killed":
        await this.#redis?.kill();
        return this.#redis?.start();
      case "power lost":
        await this.#redis?.losePower();
        return this.#redis?.start();
      case "redis paused":
        return this.#redis?.pause(500 + this.#random() * 4_000);
      case "edge paused":
        kill(this.#edge?.pid ?? 0, "SIGSTOP");
        await sleep(500 + this.#random() * 4_000);
        kill(this.#edge?.pid ?? 0, "SIGCONT");
        return;
      case "connections cut":
        for (const person of this.#people) if (this.#random() < 0.5) person.cut();
    }
  }

  async #startEdge(): Promise<void> {
    const edge = fork(new URL("./room/faulty-edge.ts", import.meta.url), [], {
      env: {
        ...process.env,
        ...{ HTTP_HOST: "127.0.0.1", HTTP_PORT: String(this.#port), DATA_DIR: this.#dir, LOG_LEVEL: "fatal" },
        ...{
          REDIS_URL: `redis://127.0.0.1:${this.#redis?.port}`,
          ADMIN_PASSWORD: "torture only",
          TORTURE_RULE: this.#options.rule,
        },
      },
      execArgv: ["--disable-warning=ExperimentalWarning"],
    });
    this.#edge = edge;
    await Promise.race([once(edge, "message"), once(edge, "exit")]);
  }

  async #signUp(name: string): Promise<string> {
    const session = await this.#call("/api/v1/users", undefined, { name, password: "torture only" });
    return (session as { token: string }).token;
  }

  async #signIn(name: string): Promise<string> {
    const session = await this.#call("/api/v1/sessions", undefined, { name, password: "torture only" });
    return (session as { token: string }).token;
  }

  async #call(path: string, token: string | undefined, body: unknown): Promise<unknown> {
    const headers = {
      "content-type": "application/json",
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    };
    const response = await fetch(this.#base + path, { method: "POST", headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
    return response.json();
  }

  /** mulberry32 */
  #random(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
