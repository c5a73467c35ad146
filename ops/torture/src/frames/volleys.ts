/** Volleys of malformed, oversized, too fast and forged frames, requests and uploads. */
import { below, bytesFrom, pick, randomFrom } from "@lianmai/process/testing/seeded-random";
import { badFrame, badPublication, brokenWire, forgedToken, type Scene, strangersFrame } from "./bad-frames.ts";
import { badOpening, UPGRADES } from "./bad-openings.ts";
import { badUpload } from "./bad-uploads.ts";
import { type Aim, ANSWER_MS, ask, fire, flood, greeted, helloOf, withEvents } from "./fire.ts";
import { eventsLink, socketLink } from "./link.ts";
import { RawSocket, rawFrame } from "./raw-socket.ts";
import type { Verdicts } from "./verdicts.ts";

type Volley = (verdicts: Verdicts, aim: Aim) => Promise<void>;

/** What the attackers have. */
export type Armoury = Omit<Aim, "random" | "from" | "scene"> & { readonly scenes: readonly Scene[] };

/** Fires the volley number `index` of a seed. */
export async function fireVolley(
  verdicts: Verdicts,
  armoury: Armoury,
  which: { readonly seed: number; readonly index: number },
) {
  const random = randomFrom(which.seed * 1_000_003 + which.index);
  const from = `10.${below(random, 256)}.${below(random, 256)}.${below(random, 256)}`;
  const scene = pick(random, armoury.scenes);
  const [name, volley] = pick(random, VOLLEYS);
  const before = verdicts.shots;
  try {
    await volley(verdicts, { ...armoury, random, from, scene });
  } catch (error) {
    verdicts.faults.push(`${name} ${which.index}: ${error}`);
  }
  if (verdicts.shots === before) verdicts.shots += 1;
}

const textFrame = (frame: unknown): Buffer => rawFrame({ opcode: 1, payload: JSON.stringify(frame) });
const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));

const TOO_FAST = ["pong", "fault rate", "close 4010"];

const VOLLEYS: readonly (readonly [string, Volley])[] = weighted([
  [
    6,
    "frames",
    async (verdicts, aim) => {
      const { random, scene } = aim;
      await fire(verdicts, await greeted(aim), () => badFrame(random, scene), 1 + below(random, 24));
    },
  ],
  [
    6,
    "publications",
    async (verdicts, aim) => {
      const { random, scene } = aim;
      await fire(verdicts, await greeted(aim), () => badPublication(random, scene), 1 + below(random, 9));
    },
  ],
  [
    3,
    "frames by POST",
    async (verdicts, aim) => {
      const { random, scene } = aim;
      const link = await withEvents(verdicts, aim);
      if (link) await fire(verdicts, link, () => badFrame(random, scene), 1 + below(random, 12));
    },
  ],
  [
    2,
    "publications by POST",
    async (verdicts, aim) => {
      const { random, scene } = aim;
      const link = await withEvents(verdicts, aim);
      if (link) await fire(verdicts, link, () => badPublication(random, scene), 1 + below(random, 9));
    },
  ],
  [
    4,
    "strangers",
    async (verdicts, aim) => {
      const link = await socketLink(aim.port, aim.from);
      await fire(verdicts, link, () => strangersFrame(aim.random, aim.scene), 1);
    },
  ],
  [
    6,
    "broken frames",
    async (verdicts, aim) => {
      const link = aim.random() < 0.5 ? await greeted(aim) : await socketLink(aim.port, aim.from);
      const { bytes, fits } = brokenWire(aim.random);
      verdicts.shots += 1;
      link.raw.write(bytes);
      verdicts.judge(`bytes ${bytes.subarray(0, 12).toString("hex")}`, await link.answer(ANSWER_MS), fits);
      link.close();
    },
  ],
  [
    3,
    "upgrades",
    async (verdicts, { random, port, from }) => {
      const [upgrade, ...fits] = pick(random, UPGRADES);
      const raw = await RawSocket.open(port, from, upgrade);
      verdicts.judge(`upgrade ${JSON.stringify(upgrade).slice(0, 90)}`, await raw.upgraded(ANSWER_MS), fits);
      raw.destroy();
    },
  ],
  [
    2,
    "cut off",
    async (_verdicts, aim) => {
      const link = aim.random() < 0.5 ? await greeted(aim) : await socketLink(aim.port, aim.from);
      const whole = textFrame({
        t: "pub",
        room: aim.scene.room,
        cid: "cut-off-in-it",
        kind: "text",
        body: { text: "x" },
      });
      link.raw.write(whole.subarray(0, 1 + below(aim.random, whole.length - 1)));
      link.close();
    },
  ],
  [
    1,
    "pings too fast",
    async (verdicts, aim) => {
      const frames = times(110 + below(aim.random, 40), () => textFrame({ t: "ping" }));
      await flood(verdicts, await greeted(aim), frames, { fits: TOO_FAST, must: "close 4010" });
    },
  ],
  [
    1,
    "publications too fast",
    async (verdicts, aim) => {
      const say = (at: number) => ({
        t: "pub",
        room: aim.scene.room,
        cid: `fast-${aim.from}-${at}`.replaceAll(".", "-"),
        kind: "text",
        body: { text: `${at}` },
      });
      const frames = times(30 + below(aim.random, 20), (at) => textFrame(say(at)));
      await flood(verdicts, await greeted(aim), frames, { fits: ["ack", "nack rate"], must: "nack rate" });
    },
  ],
  [
    1,
    "control frames too fast",
    async (verdicts, aim) => {
      const pings = times(300, () => rawFrame({ opcode: 9, payload: "x".repeat(125) }));
      await flood(verdicts, await greeted(aim), pings, { fits: TOO_FAST, must: "close 4010" });
    },
  ],
  [
    1,
    "asks and does not read",
    async (verdicts, aim) => {
      const link = await greeted(aim);
      link.raw.pause();
      const ask = { t: "fill", room: aim.scene.room, after: { gen: 1, seq: 0 }, limit: 500 };
      const frames = times(60, (at) => textFrame(at % 3 === 0 ? { t: "join", room: aim.scene.room } : ask));
      link.raw.write(Buffer.concat(frames));
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      link.raw.resume();
      await flood(verdicts, link, [], { fits: ["filled", "joined", "fault busy", "fault rate", "close 4010"] });
    },
  ],
  [
    3,
    "events",
    async (verdicts, { random, url, from, scene }) => {
      const [body, type, ...fits] = badOpening(random, scene);
      verdicts.shots += 1;
      const link = await eventsLink(url, from, { body, ...(type !== "" && { type }) });
      const answer = typeof link === "string" ? link : await link.answer(ANSWER_MS);
      verdicts.judge(`events ${body.slice(0, 100)}`, answer, fits);
      if (typeof link !== "string") link.close();
    },
  ],
  [
    2,
    "frames to nobody",
    async (verdicts, aim) => {
      const { random, scene } = aim;
      const [sid, body, fits] = pick(random, [
        [crypto.randomUUID(), helloOf(scene), "http 404 connection-not-found"],
        ["short", helloOf(scene), "http 400 invalid-request"],
        [crypto.randomUUID(), "{", "http 400 bad-request"],
        [crypto.randomUUID(), JSON.stringify("x".repeat(8_200 + below(random, 9_000))), "http 413 body-too-large"],
      ] as const);
      await ask(verdicts, aim, { path: `/api/v1/room/frames/${sid}`, body, fits: [fits] });
    },
  ],
  [
    2,
    "tokens",
    async (verdicts, aim) => {
      const { random, scene } = aim;
      const [body, ...fits] = pick(random, [
        [{ assertion: forgedToken(random, scene.token) }, "http 401 bad-assertion", "http 400 invalid-request"],
        [{ device: "short" }, "http 400 invalid-request"],
        [{}, "http 401 not-signed-in"],
        [{ device: "d".repeat(20), nickname: "\u0000" }, "http 400 invalid-request"],
        [{ device: { toString: 1 } }, "http 400 invalid-request"],
        [[], "http 400 invalid-request"],
      ] as const);
      await ask(verdicts, aim, { path: "/api/v1/room/token", body: JSON.stringify(body), fits });
    },
  ],
  [
    24,
    "uploads",
    async (verdicts, aim) => {
      const {
        kind,
        bytes,
        type = "application/octet-stream",
        room = aim.scene.room,
        session,
        fits,
      } = badUpload(aim.random, aim.samples);
      await ask(verdicts, aim, {
        path: `/api/v1/rooms/${room}/uploads?kind=${kind}`,
        ...{ body: bytes, type, session: session ?? aim.scene.session },
        // more than fit at once, or than one may bring in a minute
        fits: [...fits, "http 503 overloaded", "http 429 too-many-requests"],
      });
    },
  ],
  [
    1,
    "forged addresses of uploads",
    async (verdicts, aim) => {
      const { random, scene } = aim;
      const forged = `e=${Date.now() + 60_000}&s=${bytesFrom(random, 16).toString("base64url")}`;
      await ask(verdicts, aim, {
        ...{
          method: "GET",
          path: `/api/v1/uploads/${pick(random, [scene.stolen.upload, "..%2f..%2flianmai.sqlite"])}?${forged}`,
        },
        fits: ["http 404 upload-not-found"],
      });
    },
  ],
]);

function weighted(list: readonly (readonly [number, string, Volley])[]): (readonly [string, Volley])[] {
  return list.flatMap(([weight, name, volley]) => Array(weight).fill([name, volley] as const));
}
