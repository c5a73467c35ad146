/**
 * People talk from two edges at once while a moderator at one of them mutes or bans them at some moment: nothing they
 * said may have a place behind the act. Then the same while Redis fails over to a replica, several times.
 * `npm run torture -- mute --trials 10000 --lanes 16 --rooms 8 --failovers 6 --seed 1`
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { printRows, readOptions } from "@lianmai/bench/report";
import { FOREVER_MS, type Position } from "@lianmai/edge/protocol/room";
import { createRoomParts, type RoomParts } from "@lianmai/edge/room/create-room-parts";
import { createMetrics, systemClock } from "@lianmai/process";
import { eventually, freePort, silentLogger } from "@lianmai/process/testing/redis-server";
import { below, type Random, randomFrom } from "@lianmai/process/testing/seeded-random";

const PUBLISHERS = 4;
/** Somebody who has not been refused after so many words never will be. */
const MAX_WORDS = 2_000;
/** Trials before and after each failover, with the replica there. */
const BETWEEN_MS = 1_000;
const MO = { id: "mo", name: "Mo", role: "moderator" } as const;

/** What a run is asked for. */
export interface MuteOptions {
  readonly trials: number;
  /** Trials at once, and the rooms they are spread over. */
  readonly lanes: number;
  readonly rooms: number;
  readonly failovers: number;
  readonly seed: number;
}

/** What a run showed. */
export interface MuteRun {
  readonly calm: number;
  readonly failover: number;
  /** Words that were placed. */
  readonly spoken: number;
  /** Words behind the act. */
  readonly late: readonly string[];
  /** People who could talk again after the failovers. */
  readonly unmuted: readonly string[];
  /** Of the room that saw the fewest: each failover begins one. */
  readonly generations: number;
}

/** Runs it and prints what was seen; true when nobody was heard after the act. */
export async function tortureMutes(args: readonly string[]): Promise<boolean> {
  const options = readOptions(args, { trials: 10_000, lanes: 16, rooms: 8, failovers: 6, seed: 1 });
  const run = await runMutes(options);
  printRows(`mute: seed ${options.seed}, ${options.lanes} at once in ${options.rooms} rooms`, [
    ["mutes and bans", run.calm],
    [`mutes and bans around ${options.failovers} failovers`, `${run.failover}, in ${run.generations} generations`],
    ["words placed before the act", run.spoken],
    ["words placed behind it", run.late.length],
    ["people who could talk again", run.unmuted.length],
  ]);
  for (const line of [...run.late, ...run.unmuted].slice(0, 20)) process.stdout.write(`  ${line}\n`);
  return run.late.length === 0 && run.unmuted.length === 0 && run.generations > options.failovers;
}

/** One run. */
export async function runMutes(options: MuteOptions): Promise<MuteRun> {
  const directory = await mkdtemp(join(tmpdir(), "lianmai-torture-mute-"));
  const port = await freePort();
  const servers = [await startRedis(directory, port)];
  const edges = [startEdge(directory, port), startEdge(directory, port)];
  const stage = new Stage(edges, options);
  try {
    const calm = await stage.trials("calm", (done) => done < options.trials);
    let isOver = false;
    const running = stage.trials("failover", () => !isOver);
    // what fails is told when the failovers are over
    running.catch(() => undefined);
    for (let done = 0; done < options.failovers; done += 1) {
      const replicaPort = await freePort();
      servers.push(await startRedis(directory, replicaPort, "--replicaof", "127.0.0.1", String(port)));
      await eventually(async () => (await ask(replicaPort, "info", "replication")).includes("master_link_status:up"));
      await sleep(BETWEEN_MS);
      await failOver(servers.at(-2) as ChildProcess, { from: port, to: replicaPort });
      await sleep(BETWEEN_MS);
    }
    isOver = true;
    const through = await running;
    const all = [...calm, ...through];
    return {
      ...{ calm: calm.length, failover: through.length },
      spoken: all.reduce((sum, { words }) => sum + words, 0),
      late: all.flatMap(({ late }) => late),
      unmuted: await stage.canTalk(all),
      generations: Math.min(...[...generations(through).values()].map(({ size }) => size)),
    };
  } finally {
    for (const edge of edges) await edge.stop();
    for (const server of servers) server.kill("SIGKILL");
    await rm(directory, { recursive: true, force: true });
  }
}

interface Trial {
  readonly user: string;
  readonly room: string;
  readonly act: Position;
  readonly words: number;
  readonly late: readonly string[];
}

class Stage {
  readonly #edges: readonly RoomParts[];
  readonly #options: MuteOptions;
  readonly #random: Random;

  constructor(edges: readonly RoomParts[], options: MuteOptions) {
    this.#edges = edges;
    this.#options = options;
    this.#random = randomFrom(options.seed);
  }

  /** Trials while more are wanted, given how many have begun. */
  async trials(label: string, areWanted: (begun: number) => boolean): Promise<Trial[]> {
    const done: Trial[] = [];
    let next = 0;
    const lane = async () => {
      for (let at = next++; areWanted(at); at = next++) done.push(await this.#trial(at, label));
    };
    await Promise.all(Array.from({ length: this.#options.lanes }, lane));
    return done;
  }

  /** Those of some of the trials who are not refused any more. */
  async canTalk(trials: readonly Trial[]): Promise<string[]> {
    const some = trials.filter((_, index) => index % Math.ceil(trials.length / 200) === 0);
    const talking: string[] = [];
    for (const { user, room } of some) if ((await this.#say(room, user, 1)).ok) talking.push(user);
    return talking;
  }

  async #trial(at: number, label: string): Promise<Trial> {
    const [user, room] = [`${label}-${at}`, `room-${at % this.#options.rooms}`];
    const talking = this.#talkUntilRefused(room, user);
    await sleep(below(this.#random, 7));
    const body = { act: at % 2 === 0 ? ("mute" as const) : ("ban" as const), user, untilMs: FOREVER_MS };
    const draft = { cid: `act-${user}-${process.pid}`, kind: "act" as const, body };
    const act = await untilDone(() => this.#edge(at).log.act(room, MO, draft));
    const places = await talking;
    const late = places.filter((place) => isAfter(place, act));
    const words = places.length - late.length;
    return { ...{ user, room, act, words }, late: late.map(({ gen, seq }) => `${user} at ${gen}-${seq}`) };
  }

  /** Talks from both edges until the person is refused; all places it got. */
  async #talkUntilRefused(room: string, user: string): Promise<Position[]> {
    const places: Position[] = [];
    const speak = async (at: number) => {
      for (let word = 0; word < MAX_WORDS; word += 1) {
        const done = await this.#say(room, user, at);
        if (done.ok) places.push(done);
        else if (done.code === "muted" || done.code === "banned") return;
      }
      throw new Error(`${user} was never refused`);
    };
    await Promise.all(Array.from({ length: PUBLISHERS }, (_, at) => speak(at)));
    return places;
  }

  #say(room: string, user: string, at: number) {
    const speaker = { id: user, name: user, role: "viewer", version: 0, isMember: false, isKnown: true } as const;
    const draft = { cid: `cid-${randomUUID()}`, kind: "text", body: { text: "a word" } } as const;
    return untilDone(() => this.#edge(at).log.publish(room, { ...speaker, followsSinceMs: null }, draft));
  }

  #edge(at: number): RoomParts {
    return this.#edges[at % this.#edges.length] as RoomParts;
  }
}

/** Generations in which acts were placed, by room. */
function generations(trials: readonly Trial[]): ReadonlyMap<string, ReadonlySet<number>> {
  const found = new Map<string, Set<number>>();
  for (const { room, act } of trials) found.set(room, (found.get(room) ?? new Set()).add(act.gen));
  return found;
}

const isAfter = (a: Position, b: Position): boolean => a.gen > b.gen || (a.gen === b.gen && a.seq > b.seq);

/** Tries again while Redis is away, as clients do. */
async function untilDone<Result>(work: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await work();
    } catch {
      await sleep(20);
    }
  }
}

const startEdge = (dataDir: string, port: number): RoomParts =>
  createRoomParts({
    ...{ dataDir, redisUrl: `redis://127.0.0.1:${port}`, clock: systemClock, logger: silentLogger, hooks: [] },
    metrics: createMetrics("mute"),
  });

async function startRedis(directory: string, port: number, ...more: string[]): Promise<ChildProcess> {
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", directory, ...more];
  const server = spawn("redis-server", args, { stdio: "ignore" });
  await eventually(async () => (await ask(port, "ping")).includes("PONG"));
  return server;
}

/** Kills the main server; the replica takes over under its port. */
async function failOver(main: ChildProcess, { from, to }: { readonly from: number; readonly to: number }) {
  main.kill("SIGKILL");
  await once(main, "exit");
  await ask(to, "replicaof", "no", "one");
  await ask(to, "config", "set", "port", String(from));
}

async function ask(port: number, ...command: string[]): Promise<string> {
  const cli = spawn("redis-cli", ["-p", String(port), ...command]);
  let said = "";
  cli.stdout.on("data", (bytes) => {
    said += bytes;
  });
  await once(cli, "close");
  return said;
}
