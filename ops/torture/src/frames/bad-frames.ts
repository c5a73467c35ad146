/** Frames that no client of ours would send, each with the answers that the protocol's document allows. */
import { randomUUID } from "node:crypto";
import { below, bytesFrom, pick, type Random } from "@lianmai/process/testing/seeded-random";
import { type RawFrame, rawFrame } from "./raw-socket.ts";

/** What the attackers know: their own place, and what they have overheard of others. */
export interface Scene {
  /** Room they are in, and one they are not in. */
  readonly room: string;
  readonly other: string;
  readonly token: string;
  readonly session: string;
  /** Of somebody else: a token, the id of an entry in `room`, an upload. */
  readonly stolen: { readonly token: string; readonly cid: () => string; readonly upload: string };
}

/** A text and what may come back. */
export interface Shot {
  readonly text: string;
  readonly fits: readonly string[];
}
type Maker = (random: Random, scene: Scene) => Shot;

/** By POST what is no JSON is refused before it is a frame. */
const NO_JSON = ["fault bad-json", "http 400 bad-request"];
const BAD_FRAME = ["fault bad-frame"];
const shot = (frame: unknown, ...fits: string[]): Shot => ({ text: JSON.stringify(frame), fits });
const WRONG: readonly unknown[] = [null, true, -1, 1.5, "", "\u0000", [], {}, [[]], { length: 9 }, "é".repeat(900)];
const newCid = (): string => `bad-${randomUUID()}`;
const position = { gen: 1, seq: 1 };

/** Valid frames with required fields only. */
const valid = ({ room, token }: Scene): readonly Readonly<Record<string, unknown>>[] => [
  { t: "hello", v: 1, token, rooms: [] },
  { t: "join", room },
  { t: "leave", room },
  { t: "pub", room, cid: newCid(), kind: "text", body: { text: "x" } },
  { t: "fill", room, after: position },
  { t: "pos", room, ...position },
  { t: "refresh", token },
  { t: "like", room, count: 1 },
];

/** A token like ours that is not: cut, changed, of another signer, of no algorithm, of somebody else's claims. */
export function forgedToken(random: Random, token: string): string {
  const [head = "", claims = "", signature = ""] = token.split(".");
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const decode = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString()) as Record<string, unknown>;
  const admin = encode({ ...decode(claims), sub: "u-admin", role: "admin", exp: 9e9 });
  const wrongSignature = bytesFrom(random, 64).toString("base64url");
  return pick(random, [
    `${head}.${claims}.${wrongSignature}`,
    `${head}.${admin}.${wrongSignature}`,
    `${encode({ alg: "none" })}.${admin}.`,
    `${encode({ ...decode(head), alg: "none" })}.${admin}.`,
    `${encode({ ...decode(head), alg: "HS256" })}.${admin}.${wrongSignature}`,
    `${encode({ ...decode(head), kid: pick(random, ["", "../../etc/passwd", "__proto__", randomUUID()]) })}.${claims}.${signature}`,
    `${head}.${claims}.${signature.slice(0, 1 + below(random, 40))}`,
    `${claims}.${head}.${signature}`,
    bytesFrom(random, 20 + below(random, 900)).toString("base64url"),
  ]);
}

/** Not frames, or frames whose fields do not fit. */
const FRAMES: readonly Maker[] = [
  (random, scene) => {
    const text = JSON.stringify(pick(random, valid(scene)));
    return { text: text.slice(0, below(random, text.length)), fits: [...NO_JSON, "http 400 invalid-request"] };
  },
  (random) => ({ text: bytesFrom(random, 1 + below(random, 200)).toString("latin1"), fits: NO_JSON }),
  (random) => ({ text: `${"[".repeat(1 + below(random, 8_000))}`, fits: NO_JSON }),
  (random) => ({ text: pick(random, ["null", "1", '"hello"', "[]", "[{}]", "true"]), fits: ["fault bad-json"] }),
  (random) =>
    shot({ t: pick(random, ["", "hullo", "b", "welcome", "__proto__", "constructor", 7, null]) }, ...BAD_FRAME),
  (random, scene) => shot({ ...pick(random, valid(scene)), extra: pick(random, WRONG) }, ...BAD_FRAME),
  (random, scene) => {
    const frame = pick(random, valid(scene));
    const field = pick(
      random,
      Object.keys(frame).filter((name) => !["t", "kind", "body"].includes(name)),
    );
    // every other field has a type and a bound that all of these break; but -1 might be a version
    const fits = field === "v" ? [...BAD_FRAME, "fault hello-twice"] : BAD_FRAME;
    return shot({ ...frame, [field]: pick(random, [null, true, -1, 1.5, "", "\u0000", {}, [[]]]) }, ...fits);
  },
  (random, scene) => {
    const frame = { ...pick(random, valid(scene)) };
    delete frame[pick(random, Object.keys(frame))];
    return shot(frame, ...BAD_FRAME);
  },
  (_random, { room }) => ({ text: `{"t":"pos","room":"${room}","gen":1,"seq":1e999}`, fits: BAD_FRAME }),
  (random, { room }) => shot({ t: "like", room, count: pick(random, [0, 51, 1e9, -5]) }, ...BAD_FRAME),
  (random, { room }) => shot({ t: "fill", room, after: { gen: -1 - below(random, 9), seq: 0 } }, ...BAD_FRAME),
  (_random, { room, token }) => shot({ t: "hello", v: 1, token, rooms: Array(17).fill({ room }) }, ...BAD_FRAME),
  (random, { token }) => shot({ t: "hello", v: pick(random, [1, 0, 2, 1e9]), token, rooms: [] }, "fault hello-twice"),
  (random) => shot({ t: "join", room: `no-${below(random, 1e9)}` }, "fault no-room"),
  (random, { room }) => ({
    text: `{"t":"ping","__proto__":{"room":"${room}${below(random, 9)}"}}`,
    fits: [...BAD_FRAME, "http 400 bad-request"],
  }),
  (random, { token }) => shot({ t: "refresh", token: forgedToken(random, token) }, "fault bad-token"),
  (_random, { stolen }) => shot({ t: "refresh", token: stolen.token }, "fault bad-token"),
  (random, { other }) =>
    shot({ t: "fill", room: other, after: position, limit: 1 + below(random, 500) }, "fault no-room"),
  (random, { room }) => shot({ t: "fill", room, after: { gen: 2 ** 52 - below(random, 99), seq: 2 ** 52 } }, "filled"),
];

const pub = (room: string, kind: string, body: unknown, fits: readonly string[], cid = newCid()): Shot =>
  shot({ t: "pub", room, cid, kind, body }, ...fits);
const deep = (depth: number): string => `${"[".repeat(depth)}${"]".repeat(depth)}`;
const NOT_CLIENTS = ["act", "gift", "paid", "system", "mode", "pin", "unpin", "gone", "stage"];

/** Publications that are refused: forged kinds, bodies that do not fit, what is somebody else's. */
const PUBLICATIONS: readonly Maker[] = [
  (random, { room }) =>
    pub(room, pick(random, NOT_CLIENTS), { act: "ban", user: "u-1", untilMs: 9e15 }, ["nack forbidden"]),
  (random, { room }) => pub(room, pick(random, ["", "Text", "__proto__", "toString"]), { text: "x" }, ["nack invalid"]),
  (random, { room }) => pub(room, "text", pick(random, WRONG), ["nack invalid"]),
  (random, { room }) => pub(room, "text", { text: pick(random, [null, 1, [], {}, true]) }, ["nack invalid"]),
  (random, { room }) => pub(room, "text", { text: pick(random, ["", "  ", "\u202e\u0007", "\n\n"]) }, ["nack invalid"]),
  (random, { room }) => pub(room, "text", { text: "长".repeat(501 + below(random, 500)) }, ["nack too-big"]),
  (random, { room }) =>
    pub(room, "text", { text: "x", reply: "y".repeat(4_200 + below(random, 900)) }, ["nack too-big"]),
  (random, { room }) =>
    pub(room, "text", { text: "x", reply: pick(random, ["short", "../..", "ü".repeat(9)]) }, ["nack invalid"]),
  (_random, { room }) =>
    pub(room, "text", { text: "x", mentions: Array(11).fill({ id: "u-1", name: "n" }) }, ["nack invalid"]),
  (random, { room }) =>
    pub(room, "emote", { emote: "e".repeat(65 + below(random, 60)) }, ["nack too-big", "nack invalid"]),
  (random, { room }) => ({
    text: `{"t":"pub","room":"${room}","cid":"${newCid()}","kind":"text","body":${deep(1 + below(random, 3_900))}}`,
    fits: ["nack invalid", "nack too-big"],
  }),
  (_random, { other }) => pub(other, "text", { text: "not from here" }, ["nack not-joined"]),
  (_random, { room, stolen }) => pub(room, "text", { text: "mine now" }, ["nack dup-other"], stolen.cid()),
  (random, { room, stolen }) =>
    pub(room, pick(random, ["image", "voice"]), { upload: pick(random, [stolen.upload, randomUUID()]) }, [
      "nack invalid",
    ]),
  (_random, { room, stolen }) =>
    pub(room, "file", { upload: stolen.upload, name: "a.pdf" }, ["nack forbidden", "nack invalid"]),
];

/** Before hello. */
const STRANGERS: readonly Maker[] = [
  (_random, { room }) => pub(room, "text", { text: "x" }, ["fault hello-first"]),
  (random, scene) => shot(pick(random, valid(scene).slice(1)), "fault hello-first"),
  (random, { token, room }) =>
    shot({ t: "hello", v: 1, token: forgedToken(random, token), rooms: [{ room }] }, "fault bad-token"),
  (random, { token, room }) =>
    shot({ t: "hello", v: 2 + below(random, 99), token, rooms: [{ room }] }, "fault version"),
];

export const badFrame = (random: Random, scene: Scene): Shot => pick(random, FRAMES)(random, scene);
export const badPublication = (random: Random, scene: Scene): Shot => pick(random, PUBLICATIONS)(random, scene);
export const strangersFrame = (random: Random, scene: Scene): Shot => pick(random, STRANGERS)(random, scene);

/** Bytes that break RFC 6455 or the size of a message; the connection is closed with the code. */
export function brokenWire(random: Random): { readonly bytes: Buffer; readonly fits: readonly string[] } {
  const payload = bytesFrom(random, below(random, 120));
  const broken = (code: string, ...frames: RawFrame[]) => ({
    bytes: Buffer.concat(frames.map(rawFrame)),
    fits: [code],
  });
  const start: RawFrame = { opcode: 1, payload: "{", fin: false };
  const long = "x".repeat(4_000 + below(random, 90));
  const badText = Buffer.from([0x22, pick(random, [0xc0, 0xff, 0x80, 0xf8]), 0x22]);
  return pick(random, [
    () => broken("close 1002", { opcode: pick(random, [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]), payload }),
    () => broken("close 1002", { opcode: 1, payload, reserved: 1 + below(random, 7) }),
    () => broken("close 1002", { opcode: 1, payload: "{}", masked: false }),
    () => broken("close 1002", { opcode: pick(random, [8, 9, 10]), payload: "x", fin: false }),
    () => broken("close 1002", { opcode: pick(random, [8, 9, 10]), payload: "x".repeat(126 + below(random, 99)) }),
    () => broken("close 1002", { opcode: 0, payload }),
    () => broken("close 1002", start, { opcode: 1, payload: "}" }),
    () => broken("close 1002", { opcode: 8, payload: "x" }),
    () => broken("close 1002", { opcode: 8, payload: pick(random, [Buffer.from([3, 231]), Buffer.from([3, 237])]) }),
    () => broken("close 1007", { opcode: 8, payload: Buffer.from([3, 232, 0xff, 0xfe]) }),
    () => broken("close 1007", { opcode: 1, payload: badText }),
    () => broken("close 1009", { opcode: 1, length: pick(random, [8_193n, 65_536n, 2n ** 31n, 2n ** 53n, 2n ** 63n]) }),
    () => broken("close 1009", { opcode: 1, payload: "y".repeat(8_193 + below(random, 60_000)) }),
    () =>
      broken(
        "close 1009",
        start,
        { opcode: 0, payload: long, fin: false },
        { opcode: 0, payload: long, fin: false },
        { opcode: 0, payload: long },
      ),
    () => broken("fault bad-json", { opcode: 2, payload }),
  ])();
}
