/**
 * A stage process under everything at once: members that come and go, a host who mutes, moves and removes them without
 * pause, and thousands of malformed descriptions, fragments and packets, while two others talk and must notice nothing.
 * `npm run torture -- stage --cycles 200 --turns 300 --malformed 10000`
 */
import { createSocket } from "node:dgram";
import { fileURLToPath } from "node:url";
import { percentile, printRows, readOptions } from "@lianmai/bench/report";
import {
  encodePictures,
  eventually,
  type StageChild,
  StageMember,
  startStageChild,
  startTestRedis,
} from "@lianmai/ingest/testing/stage-load";
import { below, pick, type Random, randomFrom } from "@lianmai/process/testing/seeded-random";

const ROOM = "torture";
const MIB = 1_048_576;
/** Cycles before the first look: pools and caches fill. */
const WARM_CYCLES = 40;
const HELD_BOUND_BYTES = 12 * MIB;
const HANDLES_BOUND = 6;
/** A gap this long in what the bystanders hear is one that they notice. */
const GAP_BOUND_MS = 1_000;
const MUTE_BOUND_MS = 1_000;

interface Held {
  readonly bytes: number;
  readonly handles: number;
  readonly residentMb: number;
}

export interface StageReport {
  readonly before: Held;
  readonly after: Held;
  /** From a mute to the last sound that anybody else got. */
  readonly muteMs: readonly number[];
  /** Commands whose outcome was not what it had to be. */
  readonly wrong: readonly string[];
  /** Longest gap that a bystander heard while the malformed came. */
  readonly gapMs: number;
  readonly statuses: ReadonlyMap<number, number>;
  readonly faults: readonly string[];
  readonly died: boolean;
}

/** Runs it all against one process. */
export async function runStage(count: {
  readonly cycles: number;
  readonly turns: number;
  readonly malformed: number;
  readonly seed: number;
}): Promise<StageReport> {
  const redis = await startTestRedis();
  const preload = fileURLToPath(import.meta.resolve("@lianmai/process/testing/collect-on-signal"));
  const child = await startStageChild(redis, { preload });
  const pictures = encodePictures({ size: "320x180", frames: 60, bits: 300_000 });
  const host = await StageMember.enter(child, { room: ROOM, actor: actorOf("host") });
  await host.join();
  host.show(pictures);
  const bystander = await seat(child, host, "bystander");
  bystander.show(pictures);
  try {
    await cycle(child, host, { from: 0, to: Math.min(WARM_CYCLES, count.cycles), pictures });
    const before = await look(child);
    await cycle(child, host, { from: WARM_CYCLES, to: WARM_CYCLES + count.cycles, pictures });
    const after = await look(child);
    const random = randomFrom(count.seed);
    const directed = await direct(child, host, { turns: count.turns, random, pictures });
    const attacked = await attack(child, { host, bystander }, { count: count.malformed, random });
    return { ...{ before, after, died: child.exited() }, ...directed, ...attacked };
  } finally {
    host.close();
    bystander.close();
    await child.stop();
    await redis.stop();
  }
}

const actorOf = (userId: string) => ({ userId, name: userId, role: userId === "host" ? "host" : "guest" }) as const;

async function seat(child: StageChild, host: StageMember, userId: string): Promise<StageMember> {
  const guest = await StageMember.enter(child, { room: ROOM, actor: actorOf(userId) });
  await guest.command({ kind: "raise-hand" });
  await host.command({ kind: "to-seat", participantId: userId });
  await guest.join();
  return guest;
}

type Pictures = ReturnType<typeof encodePictures>;

/** Guests who come, are seen and heard, and go, some without a word. */
async function cycle(
  child: StageChild,
  host: StageMember,
  options: { readonly from: number; readonly to: number; readonly pictures: Pictures },
): Promise<void> {
  for (let n = options.from; n < options.to; n += 1) {
    const guest = await seat(child, host, `cycle-${n}`);
    guest.show(options.pictures);
    await eventually(() => guest.received.video.packets > 5, 10_000);
    if (n % 3 !== 0) await guest.command({ kind: "leave" });
    guest.close();
    if (n % 3 === 0) await host.command({ kind: "remove", participantId: `cycle-${n}`, ban: false });
  }
}

async function look(child: StageChild): Promise<Held> {
  // What was let go without a word is noticed by then.
  await sleep(8_000);
  process.kill(child.pid, "SIGUSR2");
  await sleep(1_500);
  const [heap, external] = await Promise.all([
    child.metric("nodejs_heap_size_used_bytes"),
    child.metric("nodejs_external_memory_bytes"),
  ]);
  return { bytes: heap + external, handles: child.handles(), residentMb: child.residentMb() };
}

/** Everything a host can do to guests, in no order. */
async function direct(
  child: StageChild,
  host: StageMember,
  options: { readonly turns: number; readonly random: Random; readonly pictures: Pictures },
): Promise<Pick<StageReport, "muteMs" | "wrong">> {
  const { random, pictures } = options;
  const wrong: string[] = [];
  const muteMs: number[] = [];
  const ids = ["a", "b", "c", "d"];
  const guests = new Map<string, StageMember>();
  const expect = async (what: string, code: Promise<string>, ...fitting: string[]) => {
    const got = await code;
    if (!fitting.includes(got)) wrong.push(`${what}: ${got}`);
  };
  const deeds: Readonly<Record<string, (id: string, guest: StageMember) => Promise<void>>> = {
    hide: (participantId) =>
      expect("hide", host.command({ kind: "hide", participantId, hidden: random() < 0.5 }), "done"),
    backstage: async (participantId) => {
      await expect("backstage", host.command({ kind: "to-backstage", participantId }), "done");
      await expect("seat", host.command({ kind: "to-seat", participantId }), "done");
    },
    kick: async (participantId, guest) => {
      await expect("kick", host.command({ kind: "remove", participantId, ban: true }), "done");
      await expect("return", guest.command({ kind: "raise-hand" }), "removed");
      await expect("allow", host.command({ kind: "allow", userId: participantId }), "done");
      guest.close();
      guests.delete(participantId);
    },
    leave: async (participantId, guest) => {
      await expect("leave", guest.command({ kind: "leave" }), "done");
      guest.close();
      guests.delete(participantId);
    },
    rejoin: (_id, guest) => guest.join(),
    mute: async (participantId, guest) => {
      // Alone with the host, so that what the host hears is this guest.
      const saidMs = performance.now();
      await expect("mute", host.command({ kind: "mute", participantId, muted: true }), "done");
      await expect("own unmute", guest.command({ kind: "own-media", own: ON }), "done");
      await expect("guest's mute", guest.command({ kind: "mute", participantId, muted: false }), "not-director");
      await sleep(600);
      muteMs.push(Math.max(0, host.lastSoundOf(participantId) - saidMs));
      await expect("unmute", host.command({ kind: "mute", participantId, muted: false }), "done");
    },
  };
  for (let turn = 0; turn < options.turns; turn += 1) {
    const id = pick(random, ids);
    const guest = guests.get(id) ?? (await seat(child, host, id));
    if (!guests.has(id)) guest.show(pictures);
    guests.set(id, guest);
    await deeds[pick(random, Object.keys(deeds))]?.(id, guest);
  }
  for (const [participantId, guest] of guests) {
    await host.command({ kind: "remove", participantId, ban: false });
    guest.close();
  }
  return { muteMs, wrong };
}

const ON = { microphone: true, camera: true, screen: false };

/** Malformed descriptions, fragments and packets, from outside and over a connection that stands. */
async function attack(
  child: StageChild,
  talking: { readonly host: StageMember; readonly bystander: StageMember },
  options: { readonly count: number; readonly random: Random },
): Promise<Pick<StageReport, "gapMs" | "statuses" | "faults">> {
  const { random } = options;
  const statuses = new Map<number, number>();
  const faults: string[] = [];
  let gapMs = 0;
  const watch = setInterval(() => {
    gapMs = Math.max(gapMs, performance.now() - talking.bystander.received.audio.lastMs);
  }, 20);
  const socket = createSocket("udp4");
  const hostile = await seat(child, talking.host, "hostile");
  const bytes = (most: number) => Buffer.from(Array.from({ length: below(random, most) }, () => below(random, 256)));
  const request = async (method: string, path: string, type: string, body: string) => {
    const answer = await child.call(method, path, {
      headers: { "content-type": type, authorization: "Bearer x" },
      body,
    });
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    const text = await answer.text();
    if (answer.status < 400 || answer.status >= 500 || !text.includes('"code"'))
      faults.push(`${method} ${path} ${answer.status}`);
  };
  const attacks: readonly (() => unknown)[] = [
    () => request("POST", `/${pick(random, ["whip", "whep"])}/${ROOM}`, "application/sdp", torn(random, OFFER)),
    () => request("PATCH", `/whip/${ROOM}/${"0".repeat(36)}`, "application/trickle-ice-sdpfrag", torn(random, OFFER)),
    () => socket.send(bytes(1_400), child.mediaPort, "127.0.0.1"),
    () => socket.send(Buffer.concat([STUN_HEAD, bytes(200)]), child.mediaPort, "127.0.0.1"),
    () =>
      socket.send(
        Buffer.concat([Buffer.from([0x80, 96 + below(random, 128)]), bytes(600)]),
        child.mediaPort,
        "127.0.0.1",
      ),
    () =>
      hostile.send(
        Buffer.concat([Buffer.from([0x80 | below(random, 64), 96 + below(random, 32)]), bytes(300), Buffer.alloc(12)]),
      ),
    () =>
      hostile.send(
        Buffer.concat([Buffer.from([0x80 | below(random, 32), 200 + below(random, 8)]), bytes(300), Buffer.alloc(8)]),
      ),
  ];
  talking.bystander.received.audio.lastMs = performance.now();
  for (let n = 0; n < options.count; n += 1) {
    await pick(random, attacks)();
    if (n % 50 === 0) await sleep(5);
  }
  await sleep(500);
  clearInterval(watch);
  hostile.close();
  await talking.host.command({ kind: "remove", participantId: "hostile", ban: false });
  socket.close();
  return { gapMs, statuses, faults };
}

/** Binding request (RFC 8489 5) that says it is longer than it is. */
const STUN_HEAD = Buffer.from([0, 1, 0, 80, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
const OFFER = [
  ...["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0 1", "a=ice-ufrag:abcd"],
  ...["a=ice-pwd:0123456789012345678901", `a=fingerprint:sha-256 ${Array(32).fill("AB").join(":")}`, "a=setup:actpass"],
  ...["m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=mid:0", "a=sendonly", "a=rtpmap:111 opus/48000/2"],
  ...["m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:1", "a=sendonly", "a=rtpmap:96 H264/90000", ""],
].join("\r\n");

/** A description with pieces cut out, doubled or replaced. */
function torn(random: Random, text: string): string {
  let torn = text;
  for (let n = 0; n <= below(random, 4); n += 1) {
    const at = below(random, torn.length + 1);
    const piece = pick(random, [
      "",
      "\0",
      "é".repeat(40),
      "a=mid:0\r\n",
      "99999999999999999999",
      "m=",
      torn.slice(0, at),
    ]);
    torn = torn.slice(0, at) + piece + torn.slice(at + below(random, 60));
  }
  return torn;
}

/** What is wrong with a report; nothing when all holds. */
export function faultsOf(report: StageReport): string[] {
  const { before, after, muteMs, gapMs } = report;
  return [
    ...(report.died ? ["the process ended"] : []),
    ...(after.bytes - before.bytes > HELD_BOUND_BYTES ? ["memory was left behind"] : []),
    ...(after.handles - before.handles > HANDLES_BOUND ? ["handles were left behind"] : []),
    ...(percentile(muteMs, 0.95) > MUTE_BOUND_MS ? ["a mute came late"] : []),
    ...(gapMs > GAP_BOUND_MS ? ["bystanders noticed"] : []),
    ...report.wrong.slice(0, 5),
    ...report.faults.slice(0, 5),
  ];
}

/** Runs it at full length and prints what was found; false when something does not hold. */
export async function tortureStage(args: readonly string[]): Promise<boolean> {
  const options = readOptions(args, { cycles: 200, turns: 300, malformed: 10_000, seed: 20_261_125 });
  const report = await runStage(options);
  const { before, after, muteMs, statuses } = report;
  const held = ({ bytes, handles, residentMb }: Held) =>
    `${(bytes / MIB).toFixed(1)} MB held, ${residentMb.toFixed(0)} MB resident, ${handles} handles`;
  const faults = faultsOf(report);
  printRows(`stage: ${options.cycles} joins, ${options.turns} acts, ${options.malformed} malformed`, [
    [`after ${WARM_CYCLES} joins`, held(before)],
    [`after ${options.cycles} more`, held(after)],
    [`mute to silence, ms, of ${muteMs.length}`, `p95 ${percentile(muteMs, 0.95).toFixed(0)}`],
    ["longest gap that bystanders heard, ms", report.gapMs.toFixed(0)],
    ["answers by status", [...statuses].map(([status, times]) => `${status}: ${times}`).join(", ")],
    ["faults", faults.join("; ") || "none"],
  ]);
  return faults.length === 0;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
