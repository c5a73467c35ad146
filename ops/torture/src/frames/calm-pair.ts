/** Two who do nothing wrong: one says something now and then, the other hears it. They must not notice anything. */
import { randomUUID } from "node:crypto";
import { once } from "node:events";

const SAY_EVERY_MS = 400;
/** Who only listens says so now and then, as clients do. */
const POSITION_EVERY_MS = 10_000;

/** What a pair found. */
export interface CalmReport {
  readonly room: string;
  readonly said: number;
  readonly lost: number;
  readonly doubled: number;
  /** Places that came out of order or not at all, refusals, closed connections. */
  readonly faults: readonly string[];
  /** From saying to hearing, by the time it was said. */
  readonly delaysMs: readonly number[];
}

/** Room tokens of the two. */
export interface CalmTokens {
  readonly speaker: string;
  readonly listener: string;
}

interface Frame {
  readonly t: string;
  readonly cid?: string;
  readonly code?: string;
  readonly gen?: number;
  readonly from?: number;
  readonly to?: number;
  readonly skips?: readonly unknown[];
  readonly msgs?: readonly { readonly cid: string }[];
}

export class CalmPair {
  readonly room: string;
  readonly #onPlaced: (cid: string) => void;
  readonly #said = new Map<string, number>();
  readonly #heard = new Map<string, number>();
  readonly #acked = new Set<string>();
  readonly #doubled: string[] = [];
  readonly #faults: string[] = [];
  readonly #delays: number[] = [];
  #at: { gen: number; seq: number } | undefined;
  #speaker: WebSocket | undefined;
  #listener: WebSocket | undefined;
  #timers: NodeJS.Timeout[] = [];

  constructor(room: string, onPlaced: (cid: string) => void) {
    this.room = room;
    this.#onPlaced = onPlaced;
  }

  async start(url: string, tokens: CalmTokens): Promise<void> {
    this.#listener = await this.#join(url, tokens.listener, (frame) => this.#hear(frame));
    this.#speaker = await this.#join(url, tokens.speaker, (frame) => {
      if (frame.t === "ack" && frame.cid !== undefined) {
        this.#onPlaced(frame.cid);
        this.#acked.add(frame.cid);
      }
      if (frame.t === "nack" || frame.t === "fault") this.#faults.push(`${frame.t} ${frame.code}`);
    });
    this.#timers = [setInterval(() => this.#say(), SAY_EVERY_MS), setInterval(() => this.#report(), POSITION_EVERY_MS)];
  }

  /** Takes the delays so far; the next are of what comes now. */
  begin(): number[] {
    return this.#delays.splice(0);
  }

  /** Says no more, hears the rest, leaves. */
  async stop(): Promise<CalmReport> {
    for (const timer of this.#timers) clearInterval(timer);
    const deadlineMs = performance.now() + 5_000;
    while (this.#heard.size < this.#said.size && performance.now() < deadlineMs)
      await new Promise((resolve) => setTimeout(resolve, 50));
    for (const socket of [this.#speaker, this.#listener]) socket?.removeEventListener("close", this.#onClose);
    this.#speaker?.close();
    this.#listener?.close();
    const lost = [...this.#said.keys()].filter((cid) => !this.#heard.has(cid) || !this.#acked.has(cid));
    return {
      ...{ room: this.room, said: this.#said.size, lost: lost.length, doubled: this.#doubled.length },
      ...{ faults: this.#faults, delaysMs: [...this.#delays] },
    };
  }

  #say(): void {
    const cid = `calm-${randomUUID()}`;
    this.#said.set(cid, performance.now());
    const frame = { t: "pub", room: this.room, cid, kind: "text", body: { text: `calm ${this.#said.size}` } };
    this.#speaker?.send(JSON.stringify(frame));
  }

  #report(): void {
    if (this.#at) this.#listener?.send(JSON.stringify({ t: "pos", room: this.room, ...this.#at }));
  }

  #hear(frame: Frame): void {
    if (frame.t !== "b") return;
    const { gen = 0, from = 0, to = 0, msgs = [], skips = [] } = frame;
    const isNext = this.#at === undefined || (this.#at.gen === gen && from === this.#at.seq + 1);
    if (!isNext || skips.length > 0) this.#faults.push(`a hole before ${gen}-${from}`);
    this.#at = { gen, seq: to };
    for (const { cid } of msgs) {
      if (this.#heard.has(cid)) this.#doubled.push(cid);
      const saidMs = this.#said.get(cid);
      if (saidMs === undefined) continue;
      this.#heard.set(cid, performance.now());
      this.#delays.push(performance.now() - saidMs);
    }
  }

  readonly #onClose = (event: { readonly code: number }): void => {
    this.#faults.push(`closed ${event.code}`);
  };

  async #join(url: string, token: string, onFrame: (frame: Frame) => void): Promise<WebSocket> {
    const socket = new WebSocket(`${url.replace("http", "ws")}/ws`);
    await once(socket, "open");
    const welcomed = Promise.withResolvers<void>();
    socket.addEventListener("message", ({ data }) => {
      const frame = JSON.parse(String(data)) as Frame;
      if (frame.t === "welcome") welcomed.resolve();
      onFrame(frame);
    });
    socket.addEventListener("close", this.#onClose);
    socket.send(JSON.stringify({ t: "hello", v: 1, token, rooms: [{ room: this.room }] }));
    await welcomed.promise;
    return socket;
  }
}
