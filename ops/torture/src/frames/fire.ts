/** How shots are fired and their answers judged. */
import { Agent, request as httpRequest } from "node:http";
import type { Random } from "@lianmai/process/testing/seeded-random";
import type { Scene, Shot } from "./bad-frames.ts";
import type { Samples } from "./bad-uploads.ts";
import { eventsLink, type Link, socketLink } from "./link.ts";
import { problemCode, type RawSocket } from "./raw-socket.ts";
import type { Verdicts } from "./verdicts.ts";

export const ANSWER_MS = 10_000;
/** Frames that are not understood before a connection is closed, as the protocol says. */
const BORNE = 20;
/** Nothing more comes after a flood when nothing has for this long. */
const QUIET_MS = 1_500;

/** What one volley has. */
export interface Aim {
  readonly url: string;
  readonly port: number;
  readonly samples: Samples;
  readonly random: Random;
  /** Address it comes from. */
  readonly from: string;
  readonly scene: Scene;
}

export const helloOf = ({ token, room }: Scene): string =>
  JSON.stringify({ t: "hello", v: 1, token, rooms: [{ room }] });

/** A WebSocket that was welcomed. */
export async function greeted({ port, from, scene }: Aim): Promise<Link & { readonly raw: RawSocket }> {
  const link = await socketLink(port, from);
  await link.send(helloOf(scene));
  const answer = await link.answer(ANSWER_MS);
  if (answer !== "welcome") throw new Error(`hello was answered with ${answer}`);
  return link;
}

/** The same by events. */
export async function withEvents(verdicts: Verdicts, { url, from, scene }: Aim): Promise<Link | undefined> {
  const link = await eventsLink(url, from, { body: helloOf(scene) });
  if (typeof link === "string") verdicts.judge("events", link, []);
  else if (verdicts.judge("events", await link.answer(ANSWER_MS), ["welcome"])) return link;
  return undefined;
}

/** Sends one after the other and judges each answer. */
export async function fire(verdicts: Verdicts, link: Link, next: () => Shot, count: number): Promise<void> {
  try {
    for (let sent = 0; sent < count; sent += 1) {
      const { text, fits } = next();
      verdicts.shots += 1;
      const answer = (await link.send(text)) ?? (await link.answer(ANSWER_MS));
      // a client this wrong is sent away
      if (!verdicts.judge(text.slice(0, 150), answer, sent >= BORNE ? [...fits, "close 4000"] : fits)) return;
    }
  } finally {
    link.close();
  }
}

/** Sends all at once, then reads whatever comes until the connection is closed or quiet. */
export async function flood(
  verdicts: Verdicts,
  link: Link & { readonly raw: RawSocket },
  frames: readonly Buffer[],
  expected: { readonly fits: readonly string[]; readonly must?: string },
): Promise<void> {
  const { fits, must } = expected;
  // so many as they are, they are one client's
  verdicts.shots += 1;
  link.raw.write(Buffer.concat(frames));
  const seen = new Set<string>();
  for (;;) {
    const answer = await link.answer(QUIET_MS);
    if (answer === "silence") break;
    seen.add(answer);
    if (!verdicts.judge("too fast", answer, fits)) break;
  }
  if (must !== undefined && !seen.has(must))
    verdicts.faults.push(`too fast: never ${must}, but ${[...seen].join(", ")}`);
  link.close();
}

/** One request and the judgement of its answer. */
export async function ask(
  verdicts: Verdicts,
  { url, from }: Aim,
  shot: {
    readonly path: string;
    readonly method?: string;
    readonly body?: string | Buffer;
    readonly type?: string;
    readonly session?: string;
    readonly fits: readonly string[];
  },
): Promise<void> {
  const { path, method = "POST", body, type = "application/json", session = "" } = shot;
  const headers = {
    "x-forwarded-for": from,
    ...(body !== undefined && { "content-type": type, "content-length": Buffer.byteLength(body) }),
    ...(session !== "" && { authorization: `Bearer ${session}` }),
  };
  verdicts.shots += 1;
  // the answer may come while the body is being sent: the connection has to outlive it
  const agent = new Agent({ keepAlive: true });
  const answer = await new Promise<string>((resolve) => {
    const request = httpRequest(`${url}${path}`, { method, headers, agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", () => undefined);
      response.on("end", () => resolve(`http ${response.statusCode} ${problemCode(Buffer.concat(chunks).toString())}`));
    });
    request.on("error", (error) => resolve(`ended ${error.message}`));
    request.end(body);
  });
  agent.destroy();
  verdicts.judge(`${method} ${path.slice(0, 80)} ${type}`, answer, shot.fits);
}
