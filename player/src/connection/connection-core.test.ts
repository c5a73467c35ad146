import {
  DEFAULT_MODES,
  type Entry,
  type Position,
  type ServerFrame,
  type WelcomeRoom,
  type WireEntry,
} from "@lianmai/edge/protocol/room";
import { describe, expect, it } from "vitest";
import { ConnectionCore } from "./connection-core.ts";
import type { Effect } from "./connection-events.ts";
import { comparePositions } from "./room-track.ts";

/** Numbers from a seed: mulberry32. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const ROOM = "den";
const from = { id: "a", name: "a", role: "viewer" } as const;

/** A server's log that loses its tail now and then, and a client on a bad network. */
class World {
  readonly random: () => number;
  readonly core: ConnectionCore;
  readonly shown: Entry[] = [];
  nowMs = 1_000;
  durable: Position = { gen: 1, seq: 0 };
  #log: { gen: number; entry: WireEntry }[] = [];
  #gen = 1;
  #cuts = new Map<number, number>();
  #wires: ServerFrame[] = [];
  #connected = false;
  #sent = 0;

  constructor(seed: number, options: { readonly forgetOnAck?: boolean } = {}) {
    this.random = randomFrom(seed);
    this.core = new ConnectionCore({ rooms: [ROOM], random: this.random, ...options });
  }

  get log(): readonly string[] {
    return this.#log.map(({ entry }) => entry.cid);
  }

  get #top(): number {
    return this.#log.filter(({ gen }) => gen === this.#gen).length;
  }

  append(cid: string): Position {
    const known = this.#log.find(({ entry }) => entry.cid === cid);
    if (known) return { gen: known.gen, seq: known.entry.seq };
    const seq = this.#top + 1;
    this.#log.push({ gen: this.#gen, entry: { seq, cid, atMs: 0, from, kind: "text", body: { text: cid } } });
    this.#batch(this.#gen, [seq], undefined);
    return { gen: this.#gen, seq };
  }

  makeDurable(): void {
    this.durable = { gen: this.#gen, seq: this.#top };
  }

  /** Everything that is not durable is gone. */
  losePower(): void {
    const last = this.durable.gen === this.#gen ? this.durable.seq : 0;
    this.#log = this.#log.filter(({ gen, entry }) => gen !== this.#gen || entry.seq <= last);
    this.#cuts.set(this.#gen, last);
    this.#gen += 1;
    this.#batch(this.#gen, [], { gen: this.#gen - 1, last });
  }

  disconnect(): void {
    this.#connected = false;
    this.#wires = [];
    this.core.closed(1_006, this.nowMs);
    this.#carryOut();
  }

  /** Delivers frames, most of the time as they were sent; a bad network drops, doubles and reorders batches. */
  deliver(isBad: boolean): void {
    const frames = this.#wires.splice(0);
    if (isBad && this.random() < 0.5) frames.sort(() => this.random() - 0.5);
    for (const frame of frames) {
      const fate = isBad && frame.t === "b" ? this.random() : 1;
      if (fate < 0.2) continue;
      this.core.received(frame, this.nowMs);
      if (fate < 0.3) this.core.received(frame, this.nowMs);
      this.#carryOut();
    }
  }

  tick(ms: number): void {
    this.nowMs += ms;
    this.core.tick(this.nowMs);
    this.#carryOut();
  }

  say(cid: string): void {
    this.core.publish({ cid, room: ROOM, kind: "text", body: { text: cid }, writtenMs: this.nowMs }, this.nowMs);
    this.#carryOut();
  }

  #carryOut(): void {
    for (let effects = this.core.take(); effects.length > 0; effects = this.core.take()) {
      for (const effect of effects) this.#do(effect);
    }
  }

  #do(effect: Effect): void {
    if (effect.do === "token") this.core.gotToken("token", this.nowMs + 900_000, this.nowMs);
    else if (effect.do === "connect") {
      this.#connected = true;
      this.core.opened(this.nowMs);
    } else if (effect.do === "disconnect") this.#connected = false;
    else if (effect.do === "send" && this.#connected) this.#answer(effect.frame);
    else if (effect.do === "tell" && effect.event.event === "log") this.#show(effect.event.change);
  }

  #answer(frame: Extract<Effect, { do: "send" }>["frame"]): void {
    if (frame.t === "hello") {
      const welcome = { ...this.#page(frame.rooms[0]?.at ?? { gen: 1, seq: 0 }), ...this.#head() };
      const head = { v: 1, sid: "s", heartbeatMs: 15_000, serverMs: 0, tokenUntilMs: 0 };
      this.#wires.push({ t: "welcome", ...head, rooms: [welcome as WelcomeRoom] });
    } else if (frame.t === "fill") {
      const page = this.#page(frame.after);
      this.#wires.push({ t: "filled", room: ROOM, ...page, to: { gen: this.#gen, seq: this.#top }, more: false });
    } else if (frame.t === "pub") {
      this.#wires.push({ t: "ack", room: ROOM, cid: frame.cid, ...this.append(frame.cid), atMs: 0 });
    }
  }

  #head() {
    const you = { id: "a", name: "a", role: "viewer" } as const;
    return {
      room: ROOM,
      gen: this.#gen,
      top: this.#top,
      dur: this.durable,
      modes: DEFAULT_MODES,
      pinned: null,
      state: [],
      you,
    };
  }

  #page(after: Position) {
    const cuts = [...this.#cuts].map(([gen, last]) => ({ gen, last })).filter(({ gen }) => gen >= after.gen);
    const rest = this.#log.filter(({ gen, entry }) => comparePositions({ gen, seq: entry.seq }, after) > 0);
    const generations = [...new Set(rest.map(({ gen }) => gen))];
    const parts = generations.map((gen) => ({
      gen,
      msgs: rest.filter((each) => each.gen === gen).map(({ entry }) => entry),
    }));
    return { after, skips: [], cuts, parts };
  }

  #batch(gen: number, seqs: readonly number[], cut: { gen: number; last: number } | undefined): void {
    if (!this.#connected) return;
    this.#sent += 1;
    const msgs = this.#log
      .filter((each) => each.gen === gen && seqs.includes(each.entry.seq))
      .map(({ entry }) => entry);
    const [first = 1, last = 0] = [seqs[0], seqs.at(-1)];
    const place = { gen, from: first, to: last, top: this.#top, dur: this.durable };
    this.#wires.push({ t: "b", room: ROOM, ...place, msgs, ...(cut && { cut }) });
  }

  #show(change: Extract<Extract<Effect, { do: "tell" }>["event"], { event: "log" }>["change"]): void {
    if (change.change === "add") this.shown.push(change.entry);
    if (change.change !== "retract") return;
    const kept = this.shown.filter(({ gen, seq }) => gen !== change.gen || seq <= change.last);
    this.shown.splice(0, this.shown.length, ...kept);
  }
}

/** A life of 300 steps, then quiet until all is told. */
function live(world: World): void {
  for (let step = 0; step < 300; step += 1) {
    const dice = world.random();
    if (dice < 0.4) world.append(`other-${step}`);
    else if (dice < 0.6) world.say(`mine-${step}`);
    else if (dice < 0.75) world.makeDurable();
    else if (dice < 0.8) world.losePower();
    else if (dice < 0.85) world.disconnect();
    world.deliver(true);
    world.tick(100);
  }
  for (let step = 0; step < 1_000; step += 1) {
    world.makeDurable();
    if (step % 10 === 0) world.append(`last-${step}`);
    world.deliver(false);
    world.tick(100);
  }
  world.deliver(false);
}

const said = (world: World) => world.log.filter((cid) => cid.startsWith("mine")).length;

describe("connection core", () => {
  it("shows every entry of the log once and in order, whatever network and server lose", () => {
    for (let seed = 1; seed <= 150; seed += 1) {
      const world = new World(seed);
      live(world);
      expect({ seed, shown: world.shown.map(({ cid }) => cid) }).toEqual({ seed, shown: [...world.log] });
      expect({ seed, outbox: world.core.outbox.items.length }).toEqual({ seed, outbox: 0 });
    }
  });

  it("loses what it was told had a place when it does not wait for durable", () => {
    const [kept, lost] = [new World(7), new World(7, { forgetOnAck: true })];
    live(kept);
    live(lost);
    expect(said(lost)).toBeLessThan(said(kept));
  });

  it("ends when it was kicked, and says why", () => {
    const world = new World(1);
    world.tick(100);
    world.deliver(false);
    world.core.closed(4_004, world.nowMs);
    expect(world.core.status).toEqual({ at: "ended", why: "kicked" });
  });
});
