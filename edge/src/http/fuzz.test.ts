import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { pick as pickFrom, randomFrom } from "@lianmai/process/testing/seeded-random";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { announceProgram, programRecord, startTestEdge, type TestEdge } from "../testing/edge.ts";
import { startTestOrigin, type TestOrigin } from "../testing/origin.ts";
import { eventually, startTestRedis, type TestRedis } from "../testing/redis.ts";

const COUNT = Number(process.env["LIANMAI_FUZZ_REQUESTS"] ?? 1_500);
const SEED = 20_261_123;
const AT_ONCE = 16;

let redis: TestRedis;
let edge: TestEdge;
let origin: TestOrigin;
let token: string;
beforeAll(async () => {
  redis = await startTestRedis();
  origin = await startTestOrigin();
  origin.answer((request, response) => {
    const found = /^\/live\/show\/(?:index\.m3u8|p-show\/720p\/(?:index\.m3u8|p\d+\.m4s))(?:\?|$)/.test(
      request.url ?? "",
    );
    const headers = { "content-type": found ? "video/mp4" : "application/problem+json", "cache-control": "max-age=1" };
    response.writeHead(found ? 200 : 404, headers).end(found ? "media" : '{"code":"not-found","status":404}');
  });
  const many = 10_000_000;
  edge = await startTestEdge(redis, {
    rateLimits: { requestsPerMinute: many, writesPerMinute: many, signInPerMinute: 200, signUpPerHour: 20 },
  });
  token = (await edge.signUp("Ann")).token;
  await edge.room(token, "prey");
  await edge.room((await edge.signUp("Host")).token, "show");
  await announceProgram(redis, programRecord("show", { originUrl: origin.url }));
  await eventually(async () => (await fetch(`${edge.url}/live/show/index.m3u8`)).status === 200);
}, 60_000);
afterAll(async () => {
  await edge.stop();
  await origin.stop();
  await redis.stop();
});

const random = randomFrom(SEED);
const pick = <T>(items: readonly T[]): T => pickFrom(random, items);
const text = (length: number, alphabet: string) =>
  Array.from({ length: Math.floor(random() * length) }, () => pick([...alphabet])).join("");

const ODD = "abz019-_.~%/\\?&=;:@!$'()*,[]{}|^`<>\"#+";
const LIVE_PATHS = [
  "/live/show/index.m3u8",
  "/live/show/p-show/720p/media.m3u8",
  "/live/show/p-show/720p/p1.m4s",
  "/live/",
  "/live/x/",
];
const DIRECTIVES = ["_HLS_msn", "_HLS_part", "_HLS_skip", "_HLS_", "_HLS_x", "v", "_hls_msn"];
const VALUES = ["", "1", "-1", "1e9", "NaN", "99999999999999999999", "YES", "%00", "1&_HLS_msn=2", "../..", "[]", "💥"];
const API = [
  "/api/v1/rooms",
  "/api/v1/rooms/show",
  "/api/v1/rooms/prey/settings",
  "/api/v1/rooms/prey/stream-keys",
  "/api/v1/rooms/prey",
  "/api/v1/rooms/show/stream-keys/none/rotate",
  "/api/v1/sessions",
  "/api/v1/users",
  "/api/v1/users/me",
  "/api/v1/nothing",
  "/api/v1/users/me/password",
  "/api/v1/rooms/show/ingest-health",
  "/api/openapi.jso",
];
const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "SEARCH", "LOCK"];
const JSON_VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e308,
  "",
  "x",
  "\u0000",
  [],
  {},
  { toString: 1 },
  [[[]]],
  "x".repeat(5_000),
];
const FIELDS = [
  "name",
  "password",
  "slug",
  "title",
  "coverUrl",
  "label",
  "graceMs",
  "takeover",
  "partTargetMs",
  "constructor",
];

interface Shot {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
}

function liveShot(): Shot {
  const query = Array.from(
    { length: Math.floor(random() * 4) },
    () => `${pick(DIRECTIVES)}=${encodeURI(pick(VALUES))}`,
  ).join("&");
  const path = random() < 0.6 ? pick(LIVE_PATHS) : `/live/${text(60, ODD.replaceAll("#", ""))}`;
  const long = random() < 0.03 ? `&x=${"y".repeat(2_500)}` : "";
  return { method: random() < 0.85 ? "GET" : pick(METHODS), path: `${path}?${query}${long}`, headers: {} };
}

function apiShot(): Shot {
  const body: Record<string, unknown> = {};
  for (let n = 0; n < random() * 4; n += 1) body[pick(FIELDS)] = pick(JSON_VALUES);
  const json = JSON.stringify(random() < 0.2 ? pick(JSON_VALUES) : body);
  const sent = random() < 0.2 ? json.slice(0, Math.floor(random() * json.length)) : json;
  const method = pick(METHODS);
  const hasBody = !["GET", "HEAD"].includes(method);
  const headers: Record<string, string> = {
    ...(hasBody && {
      "content-type": pick(["application/json", "application/json", "text/plain", "x", "application/json; charset=x"]),
    }),
    ...(random() < 0.6 && {
      authorization: pick([`Bearer ${token}`, "Bearer", "Basic eDp5", "Bearer ..", `Bearer ${"x".repeat(900)}`]),
    }),
    ...(random() < 0.2 && { cookie: `lianmai_session=${pick([token, "x", "%%%"])}` }),
  };
  const path = random() < 0.8 ? pick(API) : `/api/${text(40, ODD.replaceAll("#", ""))}`;
  const query = random() < 0.3 ? `?${pick(["cursor", "limit", "live", "%", "x[]"])}=${encodeURI(pick(VALUES))}` : "";
  return { method, path: path + query, headers, ...(hasBody && { body: sent }) };
}

interface Hit {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const fire = ({ method, path, headers, body }: Shot): Promise<Hit> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(edge.url);
    const request = httpRequest(
      { hostname, port, method, path: path.replaceAll(/[^\x21-\x7e]/g, "%FF"), headers },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          const type = response.headers["content-type"] ?? "";
          resolve({ status: response.statusCode ?? 0, type, body: Buffer.concat(chunks).toString() });
        });
      },
    );
    request.on("error", reject);
    request.end(body);
  });

const rawBytes = (bytes: Buffer): Promise<string> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(edge.url);
    const socket = connect(Number(port), hostname, () => socket.end(bytes));
    let answer = "";
    socket.on("data", (chunk) => {
      answer += chunk.toString("latin1");
    });
    socket.on("error", () => resolve(answer));
    socket.on("close", () => resolve(answer));
  });

/** What is wrong with an answer to a malformed request; empty when nothing is. */
function fault({ method }: Shot, { status, type, body }: Hit): string {
  if (status >= 500) return "a server's error";
  if (status < 400 || method === "HEAD") return "";
  if (!type.startsWith("application/problem+json")) return "not a problem document";
  const code: unknown = JSON.parse(body).code;
  return typeof code === "string" && code !== "" ? "" : "no code";
}

const inBatches = async (count: number, work: () => Promise<void>) => {
  for (let done = 0; done < count; done += AT_ONCE) {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - done) }, work));
  }
};

describe(`${COUNT} malformed requests`, () => {
  it("get 4xx problems with a code, never a 5xx, and memory returns", { timeout: 600_000 }, async () => {
    const faults: unknown[] = [];
    const statuses = new Map<number, number>();
    const shoot = async () => {
      const shot = random() < 0.5 ? liveShot() : apiShot();
      const hit = await fire(shot);
      statuses.set(hit.status, (statuses.get(hit.status) ?? 0) + 1);
      const wrong = fault(shot, hit);
      if (wrong !== "") faults.push({ wrong, ...shot, status: hit.status, answer: hit.body.slice(0, 200) });
    };
    await inBatches(Math.ceil(COUNT / 3), shoot);
    const beforeBytes = process.memoryUsage().rss;
    await inBatches(COUNT, shoot);
    expect(faults.slice(0, 5)).toEqual([]);
    expect([400, 401, 404, 405, 414, 415].filter((status) => !statuses.has(status))).toEqual([]);
    expect(process.memoryUsage().rss - beforeBytes).toBeLessThan(150 * 1_024 * 1_024);
  });

  it("as raw bytes are answered by problems or closed, and the show goes on", { timeout: 600_000 }, async () => {
    const methods = ["GET", "POST", "\x00", "get", "PRI"];
    const answers: string[] = [];
    await inBatches(Math.ceil(COUNT / 5), async () => {
      const noise = Buffer.from(Array.from({ length: Math.floor(random() * 300) }, () => Math.floor(random() * 256)));
      const head = Buffer.from(
        `${pick(methods)} ${pick(LIVE_PATHS)}${text(20, ODD)} HTTP/${pick(["1.1", "2.0", "x"])}\r\n`,
      );
      answers.push(await rawBytes(random() < 0.5 ? noise : Buffer.concat([head, noise, Buffer.from("\r\n\r\n")])));
    });
    const wrong = answers.filter((answer) => answer !== "" && !/^HTTP\/1\.1 (?:4\d\d|200|304) /.test(answer));
    expect(wrong.slice(0, 3)).toEqual([]);
    expect(answers.some((answer) => answer.includes("bad-http"))).toBe(true);
    expect(await (await fetch(`${edge.url}/live/show/index.m3u8`)).text()).toBe("media");
    expect((await edge.call("GET", "/api/v1/rooms/show")).status).toBe(200);
  });
});
