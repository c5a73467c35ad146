import { setTimeout as sleep } from "node:timers/promises";

/** The player's own connection, loaded without its browser types. */
interface Connection {
  readonly outbox: readonly unknown[];
  publish(room: string, kind: string, body: unknown): string | undefined;
  cut(): void;
  hurry(): void;
  close(): void;
}
interface Event {
  readonly event: string;
  readonly change?: {
    readonly change: string;
    readonly entry?: { readonly cid: string; readonly gen: number; readonly seq: number };
    readonly gen?: number;
    readonly last?: number;
    readonly item?: { readonly cid: string };
  };
}
type Make = new (options: Readonly<Record<string, unknown>>) => Connection;

const load = (file: string) => import(new URL(`../../../../player/src/connection/${file}`, import.meta.url).href);

/** Somebody in the room: speaks, and keeps what it is told. */
export class Person {
  readonly name: string;
  readonly durable: string[] = [];
  readonly refused: string[] = [];
  readonly said: string[] = [];
  welcomes = 0;
  #shown: { readonly cid: string; readonly gen: number; readonly seq: number }[] = [];
  readonly #connection: Connection;

  private constructor(name: string, connection: (onEvent: (event: Event) => void) => Connection) {
    this.name = name;
    this.#connection = connection((event) => this.#hear(event));
  }

  /** Joins `room` as a new account of the edge at `base`. */
  static async join(
    name: string,
    options: { readonly base: string; readonly room: string; readonly session: string; readonly forgetOnAck: boolean },
  ): Promise<Person> {
    const { base, room, session, forgetOnAck } = options;
    const { RoomConnection } = (await load("room-connection.ts")) as { RoomConnection: Make };
    const { memoryOutbox } = (await load("outbox-store.ts")) as { memoryOutbox: () => unknown };
    const token = async () => {
      const headers = { authorization: `Bearer ${session}`, "content-type": "application/json" };
      const response = await fetch(`${base}/api/v1/room/token`, { method: "POST", headers, body: "{}" });
      if (!response.ok) throw new Error(`no token: ${response.status}`);
      return response.json();
    };
    return new Person(
      name,
      (onEvent) => new RoomConnection({ base, rooms: [room], token, forgetOnAck, store: memoryOutbox(), onEvent }),
    );
  }

  get cids(): readonly string[] {
    return this.#shown.map(({ cid }) => cid);
  }

  get shown(): number {
    return this.#shown.length;
  }

  get waiting(): number {
    return this.#connection.outbox.length;
  }

  say(room: string): void {
    const cid = this.#connection.publish(room, "text", { text: `${this.name} ${this.said.length}` });
    if (cid !== undefined) this.said.push(cid);
  }

  cut(): void {
    this.#connection.cut();
  }

  hurry(): void {
    this.#connection.hurry();
  }

  close(): void {
    this.#connection.close();
  }

  #hear({ event, change }: Event): void {
    if (event === "room") this.welcomes += 1;
    if (event === "log" && change?.change === "add" && change.entry) this.#shown.push(change.entry);
    if (event === "log" && change?.change === "retract") {
      this.#shown = this.#shown.filter(({ gen, seq }) => gen !== change.gen || seq <= (change.last ?? 0));
    }
    if (event === "outbox" && change?.change === "durable" && change.item) this.durable.push(change.item.cid);
    if (event === "outbox" && change?.change === "refused" && change.item) this.refused.push(change.item.cid);
  }
}

/** Waits until `done`, at most `ms`; answers whether it came true. */
export async function until(done: () => boolean, ms: number): Promise<boolean> {
  const deadlineMs = performance.now() + ms;
  while (!done()) {
    if (performance.now() > deadlineMs) return false;
    await sleep(50);
  }
  return true;
}
