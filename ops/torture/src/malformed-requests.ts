/** Requests that no client of ours would send; each is to be refused with a 4xx problem document. */
import { request as httpRequest } from "node:http";
import { below, bytesFrom, pick, type Random } from "@lianmai/process/testing/seeded-random";

/** What the requests are aimed at. */
export interface Target {
  readonly slug: string;
  readonly programId: string;
  readonly rung: string;
  /** A valid session. */
  readonly token: string;
}

interface Shot {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}
type Maker = (random: Random, target: Target) => Shot;

const get = (path: string): Shot => ({ method: "GET", path });
const ODD = [..."abz019-_.~%/\\;=:@!$'()*,[]{}|^`<>\"+"];
const word = (random: Random, length: number): string =>
  Array.from({ length: 1 + below(random, length) }, () => pick(random, ODD)).join("");
const media = ({ slug, programId, rung }: Target): string => `/live/${slug}/${programId}/${rung}`;
const WORSE = ["x", "-1", "1.5", "1e9", "NaN", "%00", "99999999999999999999", "0x10", "[]", "true"];
const METHODS = ["POST", "PUT", "PATCH", "DELETE", "SEARCH", "LOCK"];
const JSON_TYPE = { "content-type": "application/json" };
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const WRONG_FIELDS: readonly unknown[] = [
  null,
  true,
  -1,
  1e308,
  "",
  "\u0000",
  [],
  {},
  { toString: 1 },
  "X".repeat(5_000),
];

const PLAYLISTS: readonly Maker[] = [
  (random, target) => get(`${media(target)}/media.m3u8?_HLS_msn=${pick(random, WORSE)}`),
  (random, target) => get(`${media(target)}/media.m3u8?_HLS_part=${below(random, 9)}`),
  (random, target) => get(`${media(target)}/media.m3u8?_HLS_skip=n${word(random, 3).replaceAll(/[^a-z]/g, "")}`),
  (random, target) => get(`${media(target)}/media.m3u8?_HLS_msn=1&_HLS_msn=${below(random, 9)}`),
  (random, target) => get(`${media(target)}/media.m3u8?_HLS_msn=${1e7 + below(random, 1e6)}&_HLS_part=0`),
  (random, target) => get(`${media(target)}/m${word(random, 20)}.m3u8`),
  (random, { slug, rung }) => get(`/live/${slug}/${below(random, 1e9).toString(16)}z/${rung}/media.m3u8`),
  (random, { slug, programId }) => get(`/live/${slug}/${programId}/${below(random, 1e6)}p/media.m3u8`),
  (random) => get(`/live/${word(random, 60)}`),
  (random, target) => ({ method: pick(random, METHODS), path: `${media(target)}/media.m3u8` }),
  (random, { slug }) => get(`/live/${slug}/index.m3u8?x=${"y".repeat(2_500 + below(random, 500))}`),
];

const PARTS: readonly Maker[] = [
  (random, target) => get(`${media(target)}/p${below(random, 99)}-${1e9 + below(random, 1e9)}.m4s`),
  (random, target) => get(`${media(target)}/p1-0${below(random, 99)}.m4s`),
  (random, target) => get(`${media(target)}/${pick(random, ["p", "s", "i"])}${word(random, 12)}.m4s`),
  (random, target) => get(`${media(target)}/s${below(random, 9)}-${1e9 + below(random, 1e9)}.m4s`),
  (random, target) => get(`${media(target)}/i${100 + below(random, 1e6)}.mp4`),
  (random, target) => get(`${media(target)}/../../${word(random, 9)}`),
  (random, { slug, programId }) => get(`/live/${slug}/${programId}/audio/${word(random, 40)}`),
];

const API: readonly Maker[] = [
  (random) => get(`/api/v1/${below(random, 1e6)}${word(random, 20)}`),
  (random) => get(`/api/v1/rooms?limit=${pick(random, WORSE)}`),
  (random) => get(`/api/v1/rooms/${pick(random, ["A", "_", "-"])}${word(random, 30)}`),
  (random) => get(pick(random, ["/api/v1/users/me", "/api/v1/sessions", "/api/v1/users/me/rooms"])),
  (random) => ({ ...get("/api/v1/users/me"), headers: { authorization: word(random, 400).replaceAll("\\", "") } }),
  (random, { slug }) => get(`/api/v1/rooms/${slug}/${pick(random, ["settings", "stream-keys"])}`),
  (random) => ({
    ...{ method: "POST", path: pick(random, ["/api/v1/rooms", "/api/v1/users", "/api/v1/sessions"]) },
    headers: JSON_TYPE,
    body: '{"slug":"abc","name":"abc","title":"x","password":"x'.slice(0, 1 + below(random, 50)),
  }),
  (random) => ({
    ...{ method: "POST", path: pick(random, ["/api/v1/users", "/api/v1/sessions"]) },
    headers: JSON_TYPE,
    body: JSON.stringify({ name: pick(random, WRONG_FIELDS), password: pick(random, WRONG_FIELDS) }),
  }),
  (random, { token }) => ({
    ...{ method: "POST", path: "/api/v1/rooms" },
    headers: { ...JSON_TYPE, ...bearer(token) },
    body: JSON.stringify({ slug: pick(random, WRONG_FIELDS), title: pick(random, WRONG_FIELDS) }),
  }),
  (random, { token, slug }) => ({
    ...{ method: "PATCH", path: `/api/v1/rooms/${slug}/settings` },
    headers: { ...JSON_TYPE, ...bearer(token) },
    body: JSON.stringify({ [pick(random, ["graceMs", "takeover", "partTargetMs"])]: pick(random, WRONG_FIELDS) }),
  }),
  (random, { token }) => ({
    ...{ method: "POST", path: "/api/v1/rooms" },
    headers: { "content-type": pick(random, ["text/plain", "x", "application/xml"]), ...bearer(token) },
    body: bytesFrom(random, 200),
  }),
  (random) => ({
    ...{ method: "POST", path: "/api/v1/sessions" },
    headers: JSON_TYPE,
    body: `"${"x".repeat(66_000 + below(random, 9_000))}"`,
  }),
  (random, { slug }) => ({ method: pick(random, ["PUT", "SEARCH", "LOCK"]), path: `/api/v1/rooms/${slug}` }),
  (random, { token, slug }) => ({
    ...{ method: "DELETE", path: `/api/v1/rooms/${slug}/stream-keys/${below(random, 1e9)}` },
    headers: bearer(token),
  }),
];

const KINDS = [PLAYLISTS, PARTS, API] as const;

/** One malformed request, of a random kind. */
export const malformedRequest = (random: Random, target: Target): Shot =>
  pick<Maker>(random, pick<readonly Maker[]>(random, KINDS))(random, target);

/** What came back. */
export interface Answer {
  readonly status: number;
  /** Empty when the answer is a 4xx problem with a code, else what is wrong with it. */
  readonly fault: string;
}

/** Sends a request as if from a machine of its own (behind a trusted proxy); rejects when there is no answer. */
export function send(url: string, shot: Shot, from: string): Promise<Answer> {
  const { hostname, port } = new URL(url);
  const path = shot.path.replaceAll(/[^\x21-\x7e]|#/g, "%FF");
  const headers = { ...shot.headers, "x-forwarded-for": from };
  return new Promise((resolve, reject) => {
    const request = httpRequest({ hostname, port, method: shot.method, path, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const { statusCode: status = 0, headers: got } = response;
        const fault = faultOf(status, got["content-type"] ?? "", Buffer.concat(chunks).toString());
        resolve({ status, fault: fault && `${shot.method} ${path.slice(0, 120)}: ${status} ${fault}` });
      });
    });
    request.on("error", reject);
    request.end(shot.body);
  });
}

function faultOf(status: number, type: string, body: string): string {
  if (status < 400 || status >= 500) return `is no 4xx ${body.slice(0, 100)}`;
  if (!type.startsWith("application/problem+json")) return `is ${type}`;
  const { code } = JSON.parse(body) as { readonly code?: unknown };
  return typeof code === "string" && code !== "" ? "" : "has no code";
}
