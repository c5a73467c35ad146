import { connect } from "node:net";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startTestOrigin, type TestOrigin } from "./testing/test-origin.ts";

/** More for a long run: LIANMAI_FUZZ_REQUESTS=10000. */
const REQUESTS = Number(process.env["LIANMAI_FUZZ_REQUESTS"] ?? 2_000);
const SEED = 20_260_102;

let t: TestOrigin;

beforeEach(async () => {
  t = await startTestOrigin({ maxWaiting: 50 });
});

afterEach(() => t.close());

const junk = fc.oneof(
  fc.constantFrom(
    "",
    "0",
    "-1",
    "1e9",
    "999999999999999999999",
    "NaN",
    "%00",
    "%ff",
    "..",
    "%2e%2e%2f",
    "null",
    "[]",
    "YES",
  ),
  fc.string({ maxLength: 12 }).map(encodeURIComponent),
  fc.integer({ min: -5, max: 2 ** 40 }).map(String),
  fc.string({ minLength: 40, maxLength: 400 }).map((text) => text.replaceAll(/[^a-z0-9]/gi, "_")),
);

/** Paths that cannot name anything: no rendition, part or directive value of the program is among them. */
const malformed = fc.oneof(
  fc.tuple(junk, junk).map(([a, b]) => `/live/${a}/${b}x`),
  fc.tuple(junk, junk, junk).map(([a, b, c]) => `/live/test-room/${a}z/${b}/${c}`),
  junk.map((file) => `/live/test-room/prog1/360p/${file}q`),
  fc
    .tuple(fc.constantFrom("p", "s", "i"), junk, junk)
    .map(([kind, a, b]) => `/live/test-room/prog1/360p/${kind}${a}-${b}.ts`),
  fc.integer({ min: 100 }).map((number) => `/live/test-room/prog1/360p/p1-${number}.m4s`),
  junk.map((value) => `/live/test-room/prog1/360p/media.m3u8?_HLS_msn=x${value}`),
  junk.map((value) => `/live/test-room/prog1/360p/media.m3u8?_HLS_part=${value}`),
  junk.map((value) => `/live/test-room/prog1/360p/media.m3u8?_HLS_skip=y${value}`),
  fc.integer({ min: 50 }).map((number) => `/live/test-room/prog1/360p/media.m3u8?_HLS_msn=${number}&_HLS_part=0`),
  fc.integer({ min: 50 }).map((number) => `/live/test-room/prog1/360p/media.m3u8?_HLS_msn=2&_HLS_part=${number}`),
);

test("malformed requests are all answered 4xx with a code, while the program goes on, and nothing stays", async () => {
  t.play(0, 130);
  const paths = fc.sample(malformed, { seed: SEED, numRuns: REQUESTS });
  let picture = 130;
  const batch = 50;
  for (let from = 0; from < paths.length; from += batch) {
    const answers = await Promise.all(paths.slice(from, from + batch).map((path) => t.ask(path)));
    for (const [at, { status, headers, body }] of answers.entries()) {
      const path = paths[from + at];
      expect([path, status >= 400 && status < 500]).toEqual([path, true]);
      expect(headers["content-type"]).toBe("application/problem+json");
      expect(JSON.parse(body.toString()).code).toMatch(/^[a-z-]+$/);
    }
    if (picture < 170) t.play(picture, ++picture);
  }
  expect(t.origin.waiting()).toBe(0);
  expect((await t.ask("/live/test-room/prog1/360p/media.m3u8")).status).toBe(200);
});

test("clients that park and vanish leave nothing behind", async () => {
  t.play(0, 130);
  for (let round = 0; round < 10; round++) {
    const sockets = Array.from({ length: 20 }, () => {
      const socket = connect(t.port, "127.0.0.1");
      socket.on("error", () => undefined);
      socket.write("GET /live/test-room/prog1/360p/media.m3u8?_HLS_msn=2&_HLS_part=1 HTTP/1.1\r\nHost: x\r\n\r\n");
      return socket;
    });
    await expect.poll(() => t.origin.waiting()).toBe(20);
    for (const socket of sockets) socket.destroy();
    await expect.poll(() => t.origin.waiting()).toBe(0);
  }
});
