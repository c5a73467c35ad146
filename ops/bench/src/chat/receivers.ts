/** A child of the `chat` benchmark: many receivers in one room, on raw sockets. Answers each IPC request once. */
import { POSITION_EVERY_MS } from "@lianmai/edge/protocol/room";
import { systemClock } from "@lianmai/process";
import { percentile } from "../report.ts";
import { dialectOf, type Received, type System } from "./dialects.ts";
import type { ReceiversCall, ReceiversFigures } from "./load.ts";
import { RawWebSocket } from "./raw-websocket.ts";

const [name = "", port = "0"] = process.argv.slice(2);
const system = name as System;
const OPEN_PER_SECOND = 1_000;
/** One receiver in so many reads every entry; the others count. */
const SAMPLE_EVERY = 50;
/** Clients come back after a random time below this, as the protocol asks them to. */
const RECONNECT_WITHIN_MS = 500;
/** They say that they are there in so many turns, not all at once. */
const ALIVE_TURNS = 100;

class Receiver implements Received {
  entries = 0;
  missed = 0;
  doubled = 0;
  readonly isSampled: boolean;
  readonly waitsMs: number[] = [];
  readonly texts = new Set<string>();
  #ready = Promise.withResolvers<void>();
  #socket: RawWebSocket | undefined;
  #dropped = false;
  readonly #dialect;

  constructor(isSampled: boolean, token: string) {
    this.isSampled = isSampled;
    this.#dialect = dialectOf(system, this, token);
  }

  readonly onText = (text: string): void => {
    const sentMs = Number(text.slice(0, text.indexOf(" ")));
    this.waitsMs.push(systemClock.monotonicMs() - sentMs);
    if (this.texts.has(text)) this.doubled += 1;
    this.texts.add(text);
  };

  /** Connects, again if it must; resolves when it is in the room. */
  open(): Promise<void> {
    const { path, protocol } = this.#dialect;
    this.#dropped = false;
    this.#socket = new RawWebSocket(
      { port: Number(port), path, ...(protocol !== undefined && { protocol }) },
      {
        onOpen: (socket) => {
          this.#dialect.opened(socket);
          // nchan says nothing to who joins
          if (system === "nchan") this.#ready.resolve();
        },
        onText: (bytes, start, end) => {
          if (this.#socket && this.#dialect.heard(this.#socket, bytes, start, end)) this.#ready.resolve();
        },
        onClose: () => {
          if (this.#dropped) return;
          counts.closed += 1;
          setTimeout(() => void this.open(), Math.random() * RECONNECT_WITHIN_MS);
        },
      },
    );
    return this.#ready.promise;
  }

  /** Loses its connection; resolves when it is back in the room. */
  drop(): Promise<void> {
    this.#dropped = true;
    this.#ready = Promise.withResolvers();
    this.#socket?.drop();
    setTimeout(() => void this.open(), Math.random() * RECONNECT_WITHIN_MS);
    return this.#ready.promise;
  }

  /** Says that it is still there. */
  alive(): void {
    if (this.#socket) this.#dialect.alive(this.#socket);
  }

  begin(): void {
    this.entries = 0;
    this.missed = 0;
    this.doubled = 0;
    this.waitsMs.length = 0;
    this.texts.clear();
  }
}

const receivers: Receiver[] = [];
const counts = { closed: 0 };
let turn = 0;
setInterval(() => {
  turn = (turn + 1) % ALIVE_TURNS;
  for (let index = turn; index < receivers.length; index += ALIVE_TURNS) receivers[index]?.alive();
}, POSITION_EVERY_MS / ALIVE_TURNS);

async function open(tokens: readonly string[]): Promise<void> {
  const opening: Promise<void>[] = [];
  for (const [index, token] of tokens.entries()) {
    const receiver = new Receiver(receivers.length % SAMPLE_EVERY === 0, token);
    receivers.push(receiver);
    opening.push(receiver.open());
    if (index % 20 === 19) await new Promise((resolve) => setTimeout(resolve, 20_000 / OPEN_PER_SECOND));
  }
  await Promise.all(opening);
}

async function drop(): Promise<number[]> {
  const startMs = systemClock.monotonicMs();
  return Promise.all(receivers.map((receiver) => receiver.drop().then(() => systemClock.monotonicMs() - startMs)));
}

function figures(): ReceiversFigures {
  const waitsMs = receivers.flatMap((receiver) => receiver.waitsMs);
  const sum = (count: (receiver: Receiver) => number) => receivers.reduce((total, each) => total + count(each), 0);
  return {
    entries: sum(({ entries }) => entries),
    least: Math.min(...receivers.map(({ entries }) => entries)),
    missed: sum(({ missed }) => missed),
    doubled: sum(({ doubled }) => doubled),
    p50Ms: percentile(waitsMs, 0.5),
    p99Ms: percentile(waitsMs, 0.99),
    closed: counts.closed,
  };
}

async function answer(call: ReceiversCall): Promise<unknown> {
  switch (call.do) {
    case "open":
      return open(call.tokens);
    case "begin":
      counts.closed = 0;
      for (const receiver of receivers) receiver.begin();
      return;
    case "drop":
      return drop();
    case "figures":
      return figures();
  }
}

process.on("message", (call: ReceiversCall) => {
  answer(call).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ failure: String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));
process.send?.("ready");
