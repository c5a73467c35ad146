import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMetrics, systemClock } from "@lianmai/process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Entry, Position } from "../protocol/room/entry.ts";
import { FOREVER_MS } from "../protocol/room/limits.ts";
import { createRoomParts, type RoomParts } from "../room/create-room-parts.ts";
import type { Published } from "../room/room-log.ts";
import { eventually, freePort, silent } from "../testing/redis.ts";
import { text, viewer } from "../testing/room.ts";

/** Trials of a run; the acceptance run takes 10,000 by LINEARIZABLE_TRIALS. */
const TRIALS = Number(process.env["LINEARIZABLE_TRIALS"] ?? 200);
const LANES = 8;
const PUBLISHERS = 4;
const ROOM = "linear-room";
const MO = { id: "mo", name: "Mo", role: "moderator" } as const;

let directory: string;
let port: number;
let main: ChildProcess;
let edges: RoomParts[];

const startRedis = async (onPort: number, ...more: string[]) => {
  const args = ["--port", String(onPort), "--bind", "127.0.0.1", "--save", "", "--dir", directory, ...more];
  const server = spawn("redis-server", args, { stdio: "ignore" });
  await eventually(async () => (await ask(onPort, "ping")).includes("PONG"));
  return server;
};
const ask = async (onPort: number, ...command: string[]): Promise<string> => {
  const cli = spawn("redis-cli", ["-p", String(onPort), ...command]);
  let said = "";
  cli.stdout.on("data", (bytes) => {
    said += bytes;
  });
  await once(cli, "close");
  return said;
};
const edge = () =>
  createRoomParts({
    ...{ dataDir: directory, redisUrl: `redis://127.0.0.1:${port}`, clock: systemClock, logger: silent, hooks: [] },
    metrics: createMetrics("test"),
  });

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "edge-linear-"));
  port = await freePort();
  main = await startRedis(port);
  edges = [await edge(), await edge()];
});
afterAll(async () => {
  for (const one of edges) await one.stop();
  main.kill("SIGKILL");
  await rm(directory, { recursive: true, force: true });
});

const isAfter = (a: Position, b: Position) => a.gen > b.gen || (a.gen === b.gen && a.seq > b.seq);
const until = async <Result>(work: () => Promise<Result>): Promise<Result> => {
  for (;;) {
    try {
      return await work();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
};

/** Publishes as one person, from both edges at once, until the person is refused; all places it got. */
async function talkUntilRefused(user: string): Promise<Position[]> {
  const places: Position[] = [];
  const speak = async (at: number) => {
    for (let n = 0; n < 500; n += 1) {
      const draft = text(`${user} ${at} ${n}`);
      const done: Published = await until(() => edges[at % 2]!.log.publish(ROOM, viewer(user), draft));
      if (done.ok) places.push(done);
      else if (done.code === "muted" || done.code === "banned") return;
    }
    throw new Error(`${user} was never refused`);
  };
  await Promise.all(Array.from({ length: PUBLISHERS }, (_, at) => speak(at)));
  return places;
}

/** One trial: a person talks from two edges, a moderator at one of them acts at a moment that differs each time. */
async function trial(at: number, label: string): Promise<{ late: Position[]; user: string; act: Position }> {
  const user = `${label}-${at}`;
  const talking = talkUntilRefused(user);
  await new Promise((resolve) => setTimeout(resolve, at % 7));
  const act = { act: at % 2 === 0 ? ("mute" as const) : ("ban" as const), user, untilMs: FOREVER_MS };
  const draft = { cid: `act-${user}-${process.pid}`, kind: "act" as const, body: act };
  const place = await until(() => edges[at % 2]!.log.act(ROOM, MO, draft));
  return { late: (await talking).filter((position) => isAfter(position, place)), user, act: place };
}

async function trials(count: number, label: string) {
  const done: Awaited<ReturnType<typeof trial>>[] = [];
  let next = 0;
  const lane = async () => {
    for (let at = next++; at < count; at = next++) done.push(await trial(at, label));
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return done;
}

describe("a mute or ban", () => {
  it("has no word of the person behind it, whoever publishes where", async () => {
    const seen = new Map<string, Position>();
    const stop = edges[0]!.log.follow(ROOM, (entry: Entry) => {
      if (entry.kind === "text") seen.set(entry.from.id, entry);
    });
    const done = await trials(TRIALS, "calm");
    expect(done.flatMap(({ late }) => late)).toEqual([]);
    // nor one whose acknowledgement nobody saw
    expect(done.filter(({ user, act }) => seen.has(user) && isAfter(seen.get(user)!, act))).toEqual([]);
    expect(seen.size).toBeGreaterThan(0);
    stop();
    process.stdout.write(`linearizable: ${done.length} trials, 0 late\n`);
  }, 600_000);

  it("keeps that when a replica takes over in the midst of it", async () => {
    const replicaPort = await freePort();
    const replica = await startRedis(replicaPort, "--replicaof", "127.0.0.1", String(port));
    await eventually(async () => (await ask(replicaPort, "info", "replication")).includes("master_link_status:up"));
    const running = trials(Math.max(50, Math.round(TRIALS / 10)), "failover");
    await new Promise((resolve) => setTimeout(resolve, 200));
    main.kill("SIGKILL");
    await once(main, "exit");
    await ask(replicaPort, "replicaof", "no", "one");
    await ask(replicaPort, "config", "set", "port", String(port));
    main = replica;
    const done = await running;
    expect(done.flatMap(({ late }) => late)).toEqual([]);
    // those who were muted before the failover still are
    for (const { user } of done.slice(0, 20)) {
      expect(await until(() => edges[1]!.log.publish(ROOM, viewer(user), text("again")))).toMatchObject({ ok: false });
    }
    expect(new Set(done.map(({ act }) => act.gen)).size).toBeGreaterThan(1);
    process.stdout.write(`linearizable: ${done.length} trials through a failover, 0 late\n`);
  }, 600_000);
});
