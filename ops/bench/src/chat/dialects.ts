/** What a receiver says and hears at each of the systems that are compared. */
import type { RawWebSocket } from "./raw-websocket.ts";

export const SYSTEMS = ["lianmai", "socket.io", "nchan"] as const;
export type System = (typeof SYSTEMS)[number];

/** What a receiver counts. */
export interface Received {
  /** Entries taken. */
  entries: number;
  /** Entries that the server's own positions show to be missing or doubled; only where there are positions. */
  missed: number;
  doubled: number;
  /** Whether every entry is read; the others are counted only. */
  readonly isSampled: boolean;
  /** Called with the text of each entry, at sampled receivers. */
  readonly onText: (text: string) => void;
}

/** One receiver's side of a connection. */
export interface Dialect {
  readonly path: string;
  readonly protocol?: string;
  opened(socket: RawWebSocket): void;
  /** Says that it is still there, where the system wants to hear that. */
  alive(socket: RawWebSocket): void;
  /** Takes a message; true when it makes the receiver ready. */
  heard(socket: RawWebSocket, bytes: Buffer, start: number, end: number): boolean;
}

/** Makes a receiver's dialect; it keeps the receiver's place over reconnects. */
export function dialectOf(system: System, received: Received, token: string): Dialect {
  if (system === "lianmai") return lianmai(received, token);
  return system === "socket.io" ? socketIo(received) : nchan(received);
}

const ROOM = "bench";
const HEAD_BYTES = 120;
const BATCH = /^\{"t":"b","room":"[^"]*","gen":(\d+),"from":(\d+),"to":(\d+)/;
const CID = Buffer.from('"cid":"');

interface Message {
  readonly body: { readonly text: string };
}

function lianmai(received: Received, token: string): Dialect {
  let at: { gen: number; seq: number } | undefined;
  const readAll = (messages: readonly Message[]) => {
    for (const { body } of messages) received.onText(body.text);
  };
  const welcome = (text: string) => {
    const [room] = (JSON.parse(text) as { rooms: [Welcome] }).rooms;
    if ("fault" in room) throw new Error(`not let in: ${room.fault}`);
    const entries = room.parts.flatMap(({ msgs }) => msgs);
    if (at) {
      received.entries += entries.length;
      if (received.isSampled) readAll(entries);
      if (room.after.seq !== at.seq) received.missed += 1;
    }
    at = { gen: room.gen, seq: room.after.seq + entries.length };
  };
  const batch = (bytes: Buffer, start: number, end: number) => {
    const head = BATCH.exec(bytes.toString("latin1", start, Math.min(start + HEAD_BYTES, end)));
    const [gen, from, to] = (head ?? []).slice(1).map(Number) as [number, number, number];
    const there = occurrences(bytes.subarray(start, end), CID);
    const known = at?.gen === gen ? at.seq : 0;
    // what stands at or before the own place is passed over, as the protocol says
    const old = Math.max(0, known - from + 1);
    received.missed += Math.max(0, from - known - 1) + Math.max(0, to - from + 1 - there);
    received.entries += Math.max(0, there - old);
    at = { gen, seq: Math.max(known, to) };
    if (received.isSampled && there > old) {
      readAll((JSON.parse(bytes.toString("utf8", start, end)) as Batch).msgs.slice(old));
    }
  };
  return {
    ...{ path: "/ws", protocol: "lianmai.room.v1" },
    opened: (socket) =>
      socket.send(JSON.stringify({ t: "hello", v: 1, token, rooms: [{ room: ROOM, ...(at && { at }) }] })),
    alive(socket) {
      if (at) socket.send(`{"t":"pos","room":"${ROOM}","gen":${at.gen},"seq":${at.seq}}`);
    },
    heard(_socket, bytes, start, end) {
      const head = bytes.toString("latin1", start, start + 16);
      if (head.startsWith('{"t":"b"')) batch(bytes, start, end);
      if (!head.startsWith('{"t":"welcome"')) return false;
      welcome(bytes.toString("utf8", start, end));
      return true;
    },
  };
}

type Welcome =
  | { readonly fault: string }
  | {
      readonly gen: number;
      readonly after: { readonly seq: number };
      readonly parts: readonly { readonly msgs: readonly Message[] }[];
    };
interface Batch {
  readonly msgs: readonly Message[];
}

function occurrences(bytes: Buffer, what: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(what); at >= 0; at = bytes.indexOf(what, at + what.length)) count += 1;
  return count;
}

/** Engine.IO 4 and Socket.IO 5 packets: 0 open, 2 ping, 3 pong, 40 connect, 42 event. */
function socketIo(received: Received): Dialect {
  return {
    path: "/socket.io/?EIO=4&transport=websocket",
    opened: () => undefined,
    alive: () => undefined,
    heard(socket, bytes, start, end) {
      const head = bytes.toString("latin1", start, start + 2);
      if (head[0] === "0") socket.send("40");
      else if (head[0] === "2") socket.send("3");
      else if (head === "42") {
        received.entries += 1;
        if (!received.isSampled) return false;
        const [, { body }] = JSON.parse(bytes.toString("utf8", start + 2, end)) as [string, Message];
        received.onText(body.text);
      }
      return head === "40";
    },
  };
}

function nchan(received: Received): Dialect {
  return {
    path: "/sub",
    opened: () => undefined,
    alive: () => undefined,
    heard(_socket, bytes, start, end) {
      received.entries += 1;
      if (received.isSampled) received.onText((JSON.parse(bytes.toString("utf8", start, end)) as Message).body.text);
      return false;
    },
  };
}
