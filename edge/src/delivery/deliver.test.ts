import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { announceProgram, programRecord, startTestEdge, type TestEdge } from "../testing/edge.ts";
import { startTestOrigin, type TestOrigin } from "../testing/origin.ts";
import { eventually, freePort, startTestRedis, type TestRedis } from "../testing/redis.ts";

let redis: TestRedis;
let edge: TestEdge;
let origin: TestOrigin;
let programs = 0;
let base: string;
beforeAll(async () => {
  redis = await startTestRedis();
  edge = await startTestEdge(redis, { deliveryLimits: { cacheBytes: 8 * 1_024 * 1_024 } });
});
beforeEach(async () => {
  origin = await startTestOrigin();
  programs += 1;
  base = `/live/hall/p${programs}`;
  const record = programRecord("hall", { originUrl: origin.url, programId: `p${programs}`, epoch: programs });
  await announceProgram(redis, { ...record, updatedAtMs: Date.now() + programs });
  await eventually(async () => (await fetch(`${edge.url}${base}/probe`)).status === 200);
  origin.asked.length = 0;
});
afterAll(async () => {
  await edge.stop();
  await redis.stop();
});

const get = (path: string, headers: Record<string, string> = {}) => fetch(`${edge.url}${path}`, { headers });
const metric = async (name: string) => {
  const text = await (await get("/metrics")).text();
  return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "m").exec(text)?.[1] ?? Number.NaN);
};

describe("delivery", () => {
  it("asks the origin once for all who wait and gives all the same bytes", async () => {
    let release = () => {};
    origin.answer((_request, response) => {
      release = () => {
        response.writeHead(200, { "content-type": "application/vnd.apple.mpegurl", "cache-control": "max-age=12" });
        response.end("#EXTM3U\n");
      };
    });
    const path = `${base}/720p/media.m3u8?_HLS_msn=4&_HLS_part=1`;
    const waiting = Array.from({ length: 40 }, (_, n) => get(`${path}&v=viewer${n}&token=${n}`));
    await eventually(async () => (await metric("lianmai_edge_parked_requests")) === 40);
    release();
    const bodies = await Promise.all((await Promise.all(waiting)).map((response) => response.text()));
    expect(new Set(bodies)).toEqual(new Set(["#EXTM3U\n"]));
    expect(origin.asked).toEqual([path]);
    await (await get(path)).text();
    expect(origin.asked).toHaveLength(1);
  });

  it("keeps answers as long as the origin says, with their age, and no longer", async () => {
    let said = "public, max-age=3600, immutable";
    origin.answer((_request, response) => response.writeHead(200, { "cache-control": said }).end("part"));
    const first = await get(`${base}/720p/p1.m4s`);
    const second = await get(`${base}/720p/p1.m4s`);
    expect([first.headers.get("age"), second.headers.get("cache-control")]).toEqual(["0", said]);
    said = "no-store";
    await get(`${base}/720p/p2.m4s`);
    const third = await get(`${base}/720p/p2.m4s`);
    expect(third.headers.get("age")).toBeNull();
    said = "max-age=1";
    await get(`${base}/720p/short.m3u8`);
    await eventually(async () => {
      await get(`${base}/720p/short.m3u8`);
      return origin.asked.filter((target) => target.endsWith("short.m3u8")).length >= 2;
    });
    expect(origin.asked.slice(0, 3)).toEqual([`${base}/720p/p1.m4s`, `${base}/720p/p2.m4s`, `${base}/720p/p2.m4s`]);
  });

  it("adds up ages along a chain of caches", async () => {
    origin.answer((_request, response) =>
      response.writeHead(200, { "cache-control": "max-age=60", age: "20" }).end("x"),
    );
    await get(`${base}/720p/aged.m4s`);
    expect(Number((await get(`${base}/720p/aged.m4s`)).headers.get("age"))).toBeGreaterThanOrEqual(20);
  });

  it("keeps compressed and plain playlists apart and never asks for compressed media", async () => {
    origin.answer((request, response) => {
      const gzip = request.headers["accept-encoding"] === "gzip";
      const headers = {
        "cache-control": "max-age=60",
        vary: "accept-encoding",
        ...(gzip && { "content-encoding": "gzip" }),
      };
      response.writeHead(200, headers).end(gzip ? gzipSync("#EXTM3U zipped") : "#EXTM3U plain");
    });
    const path = `${base}/720p/zip.m3u8`;
    for (const [accepted, text] of [
      ["gzip, br", "zipped"],
      ["identity", "plain"],
      ["gzip", "zipped"],
      ["gzip;q=0", "plain"],
    ]) {
      const response = await get(path, { "accept-encoding": accepted ?? "" });
      expect(await response.text()).toBe(`#EXTM3U ${text}`);
      expect(response.headers.get("vary")).toBe("accept-encoding");
    }
    expect(origin.asked).toHaveLength(2);
    expect(await (await get(`${base}/720p/zip.m4s`, { "accept-encoding": "gzip" })).text()).toBe("#EXTM3U plain");
  });

  it("hands the origin's refusals on with their bodies, and keeps only those that may be", async () => {
    origin.answer((request, response) => {
      const gone = request.url?.includes("gone");
      const headers = { "content-type": "application/problem+json", "cache-control": gone ? "max-age=1" : "no-store" };
      response.writeHead(gone ? 404 : 503, { ...headers, "retry-after": "1" }).end('{"code":"part-not-found"}');
    });
    for (const name of ["gone", "gone", "later", "later"]) {
      const response = await get(`${base}/720p/${name}.m4s`);
      expect(response.headers.get("content-type")).toBe("application/problem+json");
      expect(await response.json()).toEqual({ code: "part-not-found" });
    }
    expect(origin.asked.map((target) => target.split("/").at(-1))).toEqual(["gone.m4s", "later.m4s", "later.m4s"]);
  });

  it("answers 304 to who has the newest picture already", async () => {
    origin.answer((_request, response) =>
      response.writeHead(200, { etag: '"t1"', "cache-control": "max-age=9" }).end("jpeg"),
    );
    const first = await get("/live/hall/thumbnail.jpg");
    expect(first.headers.get("etag")).toBe('"t1"');
    const again = await get("/live/hall/thumbnail.jpg", { "if-none-match": '"t1"' });
    expect([again.status, await again.text()]).toEqual([304, ""]);
  });

  it("may be read by any page and answers preflights and HEAD itself", async () => {
    const preflight = await fetch(`${edge.url}${base}/720p/p9.m4s`, { method: "OPTIONS" });
    expect([preflight.status, preflight.headers.get("access-control-allow-origin")]).toEqual([204, "*"]);
    expect(origin.asked).toEqual([]);
    const head = await fetch(`${edge.url}${base}/720p/p9.m4s`, { method: "HEAD" });
    expect(Number(head.headers.get("content-length"))).toBeGreaterThan(0);
    expect(head.headers.get("access-control-allow-origin")).toBe("*");
    const post = await fetch(`${edge.url}${base}/720p/p9.m4s`, { method: "POST", body: "x" });
    expect([post.status, post.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
  });

  it("says 404 for rooms without a program and 503 for an origin that is away", async () => {
    const unknown = await get("/live/nobody/index.m3u8");
    expect([unknown.status, ((await unknown.json()) as { code: string }).code]).toEqual([404, "program-not-found"]);
    await announceProgram(redis, programRecord("away", { originUrl: `http://127.0.0.1:${await freePort()}` }));
    const away = await eventually(async () => {
      const response = await get("/live/away/index.m3u8");
      return response.status !== 404 && response;
    });
    expect([away.status, away.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await away.json()).toMatchObject({ code: "origin-away", retryAfterMs: 1_000 });
  });

  it("gives all who wait a 503 when the origin dies under them, and plays on when it is back", async () => {
    origin.answer(() => {});
    const waiting = Array.from({ length: 5 }, () => get(`${base}/720p/media.m3u8?_HLS_msn=9`));
    await eventually(() => origin.asked.length === 1);
    await origin.stop();
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([503, 503, 503, 503, 503]);
  });

  it("waits for nobody for ever: not for headers, not for a body, not for one too large", async () => {
    origin.answer((request, response) => {
      if (request.url?.endsWith("headers.m3u8")) return;
      response.writeHead(200, { "cache-control": "max-age=60" });
      if (request.url?.endsWith("body.m4s")) response.write("the first bytes and no more");
      else response.end(Buffer.alloc(17 * 1_024 * 1_024));
    });
    const codes = await Promise.all(
      ["headers.m3u8", "body.m4s", "large.m4s"].map(async (name) => {
        const response = await get(`${base}/720p/${name}`);
        return [response.status, ((await response.json()) as { code: string }).code];
      }),
    );
    expect(codes).toEqual([
      [503, "origin-away"],
      [503, "origin-away"],
      [502, "origin-bad"],
    ]);
    expect(await metric("lianmai_edge_parked_requests")).toBe(0);
  });

  it("asks again when an idle connection turns out to be closed", async () => {
    origin.answer((_request, response) => {
      response
        .writeHead(200, { "cache-control": "no-store" })
        .end("x", () => setTimeout(() => response.socket?.destroy(), 1));
    });
    for (let n = 0; n < 10; n += 1) expect((await get(`${base}/720p/idle${n}.m4s`)).status).toBe(200);
  });

  it("goes on for those who stay when others leave, and gives up when the last has left", async () => {
    let release = () => {};
    origin.answer((_request, response) => {
      release = () => response.writeHead(200, { "cache-control": "no-store" }).end("late");
    });
    const path = `${base}/720p/media.m3u8?_HLS_msn=5`;
    const leaver = new AbortController();
    const left = fetch(`${edge.url}${path}`, { signal: leaver.signal }).catch(() => "left");
    const stayed = get(path);
    await eventually(async () => (await metric("lianmai_edge_parked_requests")) === 2);
    leaver.abort();
    await left;
    await eventually(async () => (await metric("lianmai_edge_parked_requests")) === 1);
    expect(origin.abandoned).toEqual([]);
    release();
    expect(await (await stayed).text()).toBe("late");

    const last = new AbortController();
    const nobody = fetch(`${edge.url}${base}/720p/media.m3u8?_HLS_msn=6`, { signal: last.signal }).catch(() => "left");
    await eventually(() => origin.asked.some((target) => target.endsWith("=6")));
    last.abort();
    await nobody;
    await eventually(() => origin.abandoned.some((target) => target.endsWith("=6")));
  });

  it("drops a client that does not read instead of keeping its bytes", async () => {
    const impatient = await startTestEdge(redis, { deliveryLimits: { unreadTimeoutMs: 300 } });
    const body = Buffer.alloc(15 * 1_024 * 1_024, 7);
    await eventually(async () => (await fetch(`${impatient.url}${base}/probe`)).status === 200);
    origin.answer((_request, response) => response.writeHead(200, { "cache-control": "max-age=60" }).end(body));
    const { hostname, port } = new URL(impatient.url);
    const socket = connect(Number(port), hostname);
    socket.on("error", () => {});
    await once(socket, "connect");
    socket.pause();
    socket.write(`GET ${base}/720p/big.m4s HTTP/1.1\r\nhost: x\r\n\r\n`);
    await eventually(async () =>
      /^lianmai_edge_slow_clients_total\S* 1$/m.test(await (await fetch(`${impatient.url}/metrics`)).text()),
    );
    const reader = await fetch(`${impatient.url}${base}/720p/big.m4s`);
    expect((await reader.arrayBuffer()).byteLength).toBe(body.length);
    socket.destroy();
    await impatient.stop();
  });

  it("counts who watches, by id, else by address, and shares it", async () => {
    origin.answer((_request, response) => response.writeHead(200, { "cache-control": "no-store" }).end("#EXTM3U"));
    const host = await edge.signUp(`Host ${programs}`);
    await edge.room(host.token, "hall");
    await eventually(async () => {
      for (const v of ["a", "b", "c"]) await get(`${base}/720p/media.m3u8?v=${v}`);
      await get(`/live/hall/index.m3u8?v=only-looking`);
      await get(`${base}/720p/p1.m4s?v=media-only`);
      const { body } = await edge.call<{ live: { viewers: number } | null }>("GET", "/api/v1/rooms/hall");
      return body.live?.viewers === 3;
    });
  });

  it("adds its viewers to those of other edges", async () => {
    origin.answer((_request, response) => response.writeHead(200, { "cache-control": "no-store" }).end("#EXTM3U"));
    const other = await startTestEdge(redis, { dataDir: edge.dataDir });
    await eventually(async () => {
      for (const [url, v] of [
        [edge.url, "a"],
        [other.url, "b"],
        [other.url, "c"],
      ]) {
        await (await fetch(`${url}${base}/720p/media.m3u8?v=${v}`)).text();
      }
      const totals = await Promise.all(
        [edge, other].map((one) => one.call<{ live: { viewers: number } | null }>("GET", "/api/v1/rooms/hall")),
      );
      return totals.every(({ body }) => body.live?.viewers === 3);
    });
    await other.stop();
  });

  it("lets go of connections and waiters when it stops", async () => {
    const other = await startTestEdge(redis);
    await eventually(async () => (await fetch(`${other.url}${base}/probe`)).status === 200);
    origin.answer(() => {});
    const parked = httpRequest(`${other.url}${base}/720p/media.m3u8?_HLS_msn=7`).end();
    const answered = once(parked, "response");
    await eventually(() => origin.asked.some((target) => target.endsWith("=7")));
    await other.stop();
    const [response] = (await answered) as [{ statusCode: number }];
    expect(response.statusCode).toBe(503);
  });
});
