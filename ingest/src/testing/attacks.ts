/** What hostile RTMP clients do: for the fuzz of ingest alone and for the one of the whole service. */
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { below, bytesFrom, pick, type Random } from "@lianmai/process/testing/seeded-random";
import { type AmfInput, writeAmf0 } from "./amf-write.ts";

/** A message in chunks of 128 bytes; `length` may lie. */
function message(
  type: number,
  body: Buffer,
  options: { readonly cid?: number; readonly length?: number } = {},
): Buffer {
  const { cid = 3, length = body.length } = options;
  const head = Buffer.alloc(12);
  head[0] = cid;
  head.writeUIntBE(length & 0xffffff, 4, 3);
  head[7] = type;
  head[8] = 1;
  const parts: Buffer[] = [head];
  for (let at = 0; at < body.length; at += 128) {
    if (at > 0) parts.push(Buffer.from([0xc0 | cid]));
    parts.push(body.subarray(at, at + 128));
  }
  return Buffer.concat(parts);
}

const HANDSHAKE = Buffer.concat([Buffer.from([3]), Buffer.alloc(1536), Buffer.alloc(1536)]);
const CONNECT = message(20, writeAmf0("connect", 1, { app: "live", tcUrl: "rtmp://h/live" }));
const command = (...values: readonly AmfInput[]) => message(20, writeAmf0(...values));
const CREATE = command("createStream", 4, null);
const publish = (key: string) => Buffer.concat([CREATE, command("publish", 5, null, key, "live")]);
const frame = (size: number) =>
  message(9, Buffer.concat([Buffer.from([0x17, 1, 0, 0, 0]), Buffer.alloc(size, 9)]), { cid: 6 });

function deepObject(depth: number): Buffer {
  const level = Buffer.from([3, 0, 1, 0x61]);
  return Buffer.concat([writeAmf0("connect", 1), ...Array.from({ length: depth }, () => level)]);
}

/** What one hostile client writes; several buffers are written with pauses. */
type Attack = (random: Random) => readonly Buffer[];

/** Clients that get no further than being refused; `show` is a stream key that is on air. */
const strangers = (show: string): Readonly<Record<string, Attack>> => ({
  "random bytes": (random) => [bytesFrom(random, 1 + below(random, 6_000))],
  "random bytes that begin like RTMP": (random) => [Buffer.from([3]), bytesFrom(random, 4_000)],
  "an HTTP request": () => [Buffer.from("GET / HTTP/1.1\r\nhost: x\r\n\r\n")],
  "half a handshake": (random) => [HANDSHAKE.subarray(0, below(random, 3_000))],
  "random chunks": (random) => [HANDSHAKE, CONNECT, bytesFrom(random, 3_000)],
  "random messages": (random) => [
    HANDSHAKE,
    CONNECT,
    ...Array.from({ length: 10 }, () => message(below(random, 24), bytesFrom(random, below(random, 300)))),
  ],
  "truncated AMF": (random) => {
    const whole = writeAmf0("connect", 1, { app: "live", tcUrl: "rtmp://h/live", capabilities: 15 });
    return [HANDSHAKE, message(20, whole.subarray(0, below(random, whole.length)))];
  },
  "an unknown AMF type": (random) => [
    HANDSHAKE,
    message(20, Buffer.from([pick(random, [4, 7, 13, 14, 17, 255]), 0, 0, 0])),
  ],
  "an AMF array of four billion": () => [
    HANDSHAKE,
    message(20, Buffer.concat([writeAmf0("connect", 1), Buffer.from([10, 255, 255, 255, 255])])),
  ],
  "20 000 nested objects": () => [
    HANDSHAKE,
    message(20, deepObject(20_000).subarray(0, 65_000)),
    message(20, deepObject(20_000)),
  ],
  "connect without tcUrl": () => [HANDSHAKE, command("connect", 1, { app: "live" }), CREATE],
  "connect with a tcUrl that is no URL": () => [HANDSHAKE, command("connect", 1, { app: "live", tcUrl: "::" }), CREATE],
  "connect with null": () => [HANDSHAKE, command("connect", 1, null)],
  "connect with a numeric app": () => [HANDSHAKE, command("connect", 1, { app: 7 })],
  "publish without a name": () => [HANDSHAKE, CONNECT, CREATE, command("publish", 5, null)],
  "publish with a numeric name": () => [HANDSHAKE, CONNECT, CREATE, command("publish", 5, null, 12, "live")],
  "publish before connect": () => [HANDSHAKE, command("publish", 5, null, show, "live"), frame(100)],
  "publish under a prototype's name": (random) => [
    HANDSHAKE,
    CONNECT,
    command(pick(random, ["__proto__", "constructor"]), 5, null, "x"),
  ],
  "a rejected publisher that sends media": () => [
    HANDSHAKE,
    CONNECT,
    CREATE,
    command("publish", 5, null, "wrong", "live"),
    frame(2_000),
    frame(2_000),
  ],
  "a second publisher that sends media": () => [
    HANDSHAKE,
    CONNECT,
    CREATE,
    command("publish", 5, null, show, "live"),
    frame(2_000),
    frame(2_000),
  ],
  "a player": () => [HANDSHAKE, CONNECT, CREATE, command("play", 5, null, "show"), frame(1_000)],
  "many plays": () => [HANDSHAKE, CONNECT, ...Array.from({ length: 20 }, (_, i) => command("play", i, null, `p${i}`))],
  "many createStreams": () => [HANDSHAKE, CONNECT, Buffer.concat(Array.from({ length: 200 }, () => CREATE))],
  "two connects": () => [HANDSHAKE, CONNECT, CONNECT],
  "media without publish": () => [HANDSHAKE, CONNECT, frame(1_000)],
  "a zero-length video message": () => [HANDSHAKE, CONNECT, message(9, Buffer.alloc(0)), message(8, Buffer.alloc(0))],
  "a zero-length chunk size": () => [HANDSHAKE, CONNECT, message(1, Buffer.alloc(0), { cid: 2 }), CREATE],
  "a chunk size of zero": () => [HANDSHAKE, CONNECT, message(1, Buffer.alloc(4), { cid: 2 }), CREATE],
  "a short abort": () => [HANDSHAKE, CONNECT, message(2, Buffer.alloc(1), { cid: 2 })],
  "sixty chunks of 16 MB": () => [
    HANDSHAKE,
    CONNECT,
    Buffer.concat(
      Array.from({ length: 60 }, (_, i) => message(9, Buffer.alloc(100), { cid: 3 + i, length: 0xffffff })),
    ),
  ],
  "sixty chunks of 60 kB": () => [
    HANDSHAKE,
    CONNECT,
    Buffer.concat(Array.from({ length: 60 }, (_, i) => message(20, Buffer.alloc(100), { cid: 3 + i, length: 60_000 }))),
  ],
  "thousands of chunk streams": () => [
    HANDSHAKE,
    Buffer.concat(Array.from({ length: 2_000 }, (_, i) => Buffer.from([1, i & 255, i >> 8, ...Buffer.alloc(11)]))),
  ],
  "a message whose length grows inside it": () => [
    HANDSHAKE,
    message(20, Buffer.alloc(100), { length: 1_000 }).subarray(0, 112),
    message(20, Buffer.alloc(1_000), { length: 0xffff }),
  ],
  "pings whose answers are not read": () => [
    HANDSHAKE,
    CONNECT,
    Buffer.concat(Array.from({ length: 3_000 }, () => message(4, Buffer.from([0, 6, 0, 0, 0, 0]), { cid: 2 }))),
  ],
  "a slow drip": (random) => Array.from(HANDSHAKE.subarray(0, 4 + below(random, 8)), (byte) => Buffer.from([byte])),
});

/** Clients that may publish, with the stream key `evil`, and misuse it. */
const insiders = (evil: string): Readonly<Record<string, Attack>> => ({
  "an authorised publisher that sends garbage": (random) => [
    HANDSHAKE,
    CONNECT,
    publish(evil),
    ...Array.from({ length: 12 }, () =>
      message(pick(random, [8, 9, 15, 18, 22]), bytesFrom(random, below(random, 900))),
    ),
  ],
  "an authorised publisher with damaged sequence headers": (random) => [
    HANDSHAKE,
    CONNECT,
    publish(evil),
    message(9, Buffer.concat([Buffer.from([0x17, 0, 0, 0, 0]), bytesFrom(random, 40)])),
    message(
      9,
      Buffer.concat([Buffer.from([0x90]), Buffer.from(pick(random, ["hvc1", "av01", "avc1"])), bytesFrom(random, 60)]),
    ),
    message(8, Buffer.concat([Buffer.from([0xaf, 0]), bytesFrom(random, 4)])),
    ...Array.from({ length: 5 }, () => frame(below(random, 5_000))),
  ],
  "an authorised publisher that sends a message of 16 MB": () => [
    HANDSHAKE,
    CONNECT,
    publish(evil),
    message(9, Buffer.alloc(4_000), { length: 0xffffff }),
  ],
  "an authorised publisher that floods": () => [HANDSHAKE, CONNECT, publish(evil), Buffer.alloc(25_000, 0xc3)],
});

/** All attacks by name. */
export const rtmpAttacks = (keys: {
  readonly show: string;
  readonly evil: string;
}): Readonly<Record<string, Attack>> => ({
  ...strangers(keys.show),
  ...insiders(keys.evil),
});

/** One hostile connection; resolves when it is closed. Some leave at once, some stay to be thrown out. */
export async function attackRtmp(
  attack: Attack,
  options: { readonly port: number; readonly random: Random },
): Promise<void> {
  const { port, random } = options;
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  socket.on("error", () => {});
  socket.resume();
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  for (const part of attack(random)) {
    if (socket.writable) socket.write(part);
    await sleep(1 + below(random, 8));
  }
  await Promise.race([closed, sleep(below(random, 150))]);
  socket.destroy();
  await closed;
}
