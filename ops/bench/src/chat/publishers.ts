/** Those who talk: at a fixed rate, whether or not earlier messages were acknowledged. */
import { randomUUID } from "node:crypto";
import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { POSITION_EVERY_MS } from "@lianmai/edge/protocol/room";
import { systemClock } from "@lianmai/process";
import type { System } from "./dialects.ts";
import { RawWebSocket } from "./raw-websocket.ts";

const TICK_MS = 5;
/** Nobody may say more than three things a second in our rooms: a rate is shared by this many. */
const PER_PERSON = 2.5;
const WORDS = "the stream looks great today, hello from over here 今天的直播真好看";

/** A source of messages. */
export interface Publishers {
  /** Offers `rate` messages a second for `seconds`; answers how many were sent. */
  talk(rate: number, seconds: number): Promise<number>;
  /** Acknowledged and refused so far. */
  readonly acked: number;
  readonly refused: number;
  close(): void;
}

interface Entry {
  readonly cid: string;
  readonly kind: "text";
  readonly from: { readonly id: string; readonly name: string; readonly role: "viewer" };
  readonly body: { readonly text: string };
}

/** Opens as many as the highest rate needs. */
export async function openPublishers(
  system: System,
  where: { readonly port: number; readonly tokens: readonly string[]; readonly maxRate: number },
): Promise<Publishers> {
  const counts = { acked: 0, refused: 0 };
  const says = await (system === "nchan" ? posting(where.port, counts) : connected(system, where, counts));
  let sent = 0;
  const say = () => {
    const number = sent % says.say.length;
    sent += 1;
    says.say[number]?.({
      ...{ cid: randomUUID(), kind: "text" },
      from: { id: `user-${number}`, name: `User ${number}`, role: "viewer" },
      body: { text: `${systemClock.monotonicMs().toFixed(3)} ${sent} ${WORDS}` },
    });
  };
  return {
    async talk(rate, seconds) {
      const [startMs, before] = [systemClock.monotonicMs(), sent];
      for (let done = 0; done < rate * seconds; ) {
        const due = Math.min(rate * seconds, ((systemClock.monotonicMs() - startMs) / 1_000) * rate);
        for (; done < due; done += 1) say();
        await sleep(TICK_MS);
      }
      return sent - before;
    },
    get acked() {
      return counts.acked;
    },
    get refused() {
      return counts.refused;
    },
    close: says.close,
  };
}

interface Says {
  readonly say: readonly ((entry: Entry) => void)[];
  readonly close: () => void;
}
interface Counts {
  acked: number;
  refused: number;
}

async function connected(
  system: Exclude<System, "nchan">,
  { port, tokens, maxRate }: { readonly port: number; readonly tokens: readonly string[]; readonly maxRate: number },
  counts: Counts,
): Promise<Says> {
  const count = Math.ceil(maxRate / PER_PERSON);
  const join = system === "lianmai" ? joinLianmai : joinSocketIo;
  const joined = await Promise.all(
    Array.from({ length: count }, (_, number) => join(port, counts, tokens[number] ?? "")),
  );
  return {
    say: joined.map(({ say }) => say),
    close() {
      for (const { socket } of joined) socket.drop();
    },
  };
}

interface Joined {
  readonly socket: RawWebSocket;
  readonly say: (entry: Entry) => void;
}

function joinLianmai(port: number, counts: Counts, token: string): Promise<Joined> {
  const joined = Promise.withResolvers<Joined>();
  const socket = new RawWebSocket(
    { port, path: "/ws", protocol: "lianmai.room.v1" },
    {
      onOpen: (open) => open.send(JSON.stringify({ t: "hello", v: 1, token, rooms: [{ room: "bench" }] })),
      onText(bytes, start, end) {
        const head = bytes.toString("latin1", start, start + 12);
        if (head.startsWith('{"t":"ack"')) counts.acked += 1;
        if (head.startsWith('{"t":"nack"')) {
          counts.refused += 1;
          process.stderr.write(`refused: ${bytes.toString("utf8", start, end)}\n`);
        }
        if (head.startsWith('{"t":"welco')) joined.resolve({ socket, say });
      },
      onClose: () => clearInterval(alive),
    },
  );
  const alive = setInterval(() => socket.send('{"t":"ping"}'), POSITION_EVERY_MS);
  const say = ({ cid, kind, body }: Entry) => socket.send(JSON.stringify({ t: "pub", room: "bench", cid, kind, body }));
  return joined.promise;
}

function joinSocketIo(port: number, counts: Counts): Promise<Joined> {
  const joined = Promise.withResolvers<Joined>();
  let number = 0;
  const socket = new RawWebSocket(
    { port, path: "/socket.io/?EIO=4&transport=websocket" },
    {
      onOpen: () => undefined,
      onText(bytes, start) {
        const head = bytes.toString("latin1", start, start + 2);
        if (head[0] === "0") socket.send("40");
        if (head[0] === "2") socket.send("3");
        if (head === "40") joined.resolve({ socket, say });
        if (head === "43") counts.acked += 1;
      },
      onClose: () => undefined,
    },
  );
  const say = (entry: Entry) => {
    number += 1;
    socket.send(`42${number}${JSON.stringify(["say", entry])}`);
  };
  return joined.promise;
}

function posting(port: number, counts: Counts): Says {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const say = (entry: Entry) => {
    const body = JSON.stringify({ ...entry, atMs: Date.now() });
    const post = request({ ...{ agent, port, host: "127.0.0.1", path: "/pub", method: "POST" } }, (response) => {
      response.resume();
      if ((response.statusCode ?? 0) < 300) counts.acked += 1;
      else counts.refused += 1;
    });
    post.on("error", () => {
      counts.refused += 1;
    });
    post.end(body);
  };
  return { say: [say], close: () => agent.destroy() };
}
