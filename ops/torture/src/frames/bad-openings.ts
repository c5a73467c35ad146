import { below, pick, type Random } from "@lianmai/process/testing/seeded-random";
import { forgedToken, type Scene } from "./bad-frames.ts";
import type { Upgrade } from "./raw-socket.ts";

/** Upgrades that are refused, and how. */
export const UPGRADES: readonly (readonly [Upgrade, ...string[]])[] = [
  [{ headers: { origin: "https://evil.example" } }, "http 403 cross-site"],
  [{ headers: { origin: "null" } }, "http 403 cross-site"],
  [{ path: "/wss" }, "http 404 not-found"],
  [{ path: "/ws/../api" }, "http 404 not-found"],
  [{ headers: { "sec-websocket-version": "7" } }, "http 400 bad-request"],
  [{ headers: { "sec-websocket-version": undefined } }, "http 400 bad-request"],
  [{ headers: { "sec-websocket-key": "short" } }, "http 400 bad-request"],
  [{ headers: { "sec-websocket-key": undefined } }, "http 400 bad-request"],
  [{ headers: { "sec-websocket-protocol": "a,,b" } }, "http 400 bad-request"],
  [{ headers: { upgrade: "h2c" } }, "http 400 bad-request"],
  [{ method: "POST" }, "http 400 bad-request", "http 405 method-not-allowed"],
  [{ headers: { cookie: "c".repeat(17_000) } }, "http 431 headers-too-large"],
  [{ headers: { "bad header": "x" } }, "http 400 bad-http"],
];

/** Bodies that open no events: what, its type ("" for JSON), and the answers that fit. */
export function badOpening(random: Random, { token, room }: Scene): readonly [string, string, ...string[]] {
  const depth = 1_000 + below(random, 30_000);
  return pick<readonly [string, string, ...string[]]>(random, [
    ["", "", "http 400 bad-request", "http 400 invalid-request", "fault bad-json"],
    ["{", "", "http 400 bad-request"],
    ["[]", "", "fault bad-json"],
    ['"hello"', "", "fault bad-json"],
    [JSON.stringify({ t: "ping", x: 1 }), "", "pong", "fault bad-frame", "fault hello-first"],
    [
      `${"[".repeat(depth)}${"]".repeat(depth)}`,
      "",
      "fault bad-json",
      "fault too-big",
      "http 413 body-too-large",
      "http 400 bad-request",
    ],
    [
      JSON.stringify({ t: "hello", v: 1, token: "x".repeat(9_000), rooms: [] }),
      "",
      "fault too-big",
      "http 413 body-too-large",
    ],
    [JSON.stringify("x".repeat(66_000 + below(random, 9_000))), "", "http 413 body-too-large"],
    ["hello", "text/plain", "http 415 unsupported-media-type"],
    [JSON.stringify({ t: "hello", v: 1, token: forgedToken(random, token), rooms: [{ room }] }), "", "fault bad-token"],
    [JSON.stringify({ t: "hello", v: 9, token, rooms: [] }), "", "fault version"],
  ]);
}
