import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Session } from "../protocol/api.ts";
import { PASSWORD, startTestEdge, type TestEdge } from "../testing/edge.ts";
import { startTestRedis, type TestRedis } from "../testing/redis.ts";

let redis: TestRedis;
let edge: TestEdge;
let pages: string;
beforeAll(async () => {
  redis = await startTestRedis();
  pages = await mkdtemp(join(tmpdir(), "edge-pages-"));
  edge = await startTestEdge(redis, { pagesDirectory: pages });
});
afterAll(async () => {
  await edge.stop();
  await redis.stop();
  await rm(pages, { recursive: true, force: true });
});

/** Sends bytes and reads until the server closes. */
const raw = (bytes: string): Promise<{ status: number; headers: string; body: string }> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(edge.url);
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    let text = "";
    socket.setEncoding("latin1");
    socket.on("data", (chunk) => {
      text += chunk;
    });
    socket.on("error", reject);
    socket.on("close", () => {
      const [headers = "", body = ""] = text.split("\r\n\r\n");
      resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(headers)?.[1]), headers: headers.toLowerCase(), body });
    });
  });

describe("bytes that are no HTTP", () => {
  it.each([
    ["noise", "\x00\x01\x02 hello\r\n\r\n", 400, "bad-http"],
    ["a bad request line", "GET\r\n\r\n", 400, "bad-http"],
    ["an unknown method", "BREW / HTTP/1.1\r\nhost: x\r\n\r\n", 400, "bad-http"],
    ["a bad version", "GET / HTTP/9.9\r\nhost: x\r\n\r\n", 400, "bad-http"],
    ["a header without a name", "GET / HTTP/1.1\r\n: x\r\n\r\n", 400, "bad-http"],
    ["two lengths", "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", 400, "bad-http"],
    [
      "length and chunks",
      "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
      400,
      "bad-http",
    ],
    ["huge headers", `GET / HTTP/1.1\r\nhost: x\r\nx: ${"y".repeat(40_000)}\r\n\r\n`, 431, "headers-too-large"],
    ["a huge target", `GET /live/${"y".repeat(40_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, 431, "headers-too-large"],
  ])("%s gets a problem and the connection is closed", async (_name, bytes, status, code) => {
    const answer = await raw(bytes);
    expect(answer.status).toBe(status);
    expect(answer.headers).toContain("content-type: application/problem+json");
    expect(JSON.parse(answer.body)).toMatchObject({ status, code });
  });
});

describe("refusals", () => {
  const refused = async (
    method: string,
    path: string,
    options: { body?: unknown; headers?: Record<string, string> } = {},
  ) => {
    const { status, body, headers } = await edge.call(method, path, options);
    expect(headers.get("content-type")).toContain("application/problem+json");
    return [status, body.code];
  };
  it("name what is wrong with method, type, size, text and path", async () => {
    const session = "/api/v1/sessions";
    expect(await refused("PUT", session)).toEqual([405, "method-not-allowed"]);
    expect(await refused("OPTIONS", session)).toEqual([405, "method-not-allowed"]);
    expect((await edge.call("PUT", "/api/v1/rooms")).headers.get("allow")).toBe("GET, HEAD, POST");
    const xml = { body: "<x/>", headers: { "content-type": "text/xml" } };
    expect(await refused("POST", session, xml)).toEqual([415, "unsupported-media-type"]);
    expect(await refused("POST", session, { body: "{" })).toEqual([400, "bad-request"]);
    expect(await refused("POST", session, { body: '{"__proto__":{"a":1}}' })).toEqual([400, "bad-request"]);
    expect(await refused("POST", session, { body: { name: "x".repeat(70_000), password: "x" } })).toEqual([
      413,
      "body-too-large",
    ]);
    expect(await refused("POST", session, { body: "" })).toEqual([400, "invalid-request"]);
    expect(await refused("GET", "/api/v1/rooms/%E0%A4%A")).toEqual([400, "bad-request"]);
    expect(await refused("GET", `/api/v1/rooms/${"x".repeat(200)}`)).toEqual([404, "not-found"]);
    expect(await refused("GET", "/api/v1/nothing")).toEqual([404, "not-found"]);
    expect(await refused("GET", "/ws")).toEqual([404, "not-found"]);
    expect(await refused("GET", "/live/")).toEqual([404, "not-found"]);
    expect(await refused("GET", "/live")).toEqual([404, "not-found"]);
  });

  it("do not tell what broke inside", async () => {
    const broken = await startTestEdge(redis);
    const { token } = await broken.signUp("Ann");
    const { DatabaseSync } = await import("node:sqlite");
    const file = new DatabaseSync(`${broken.dataDir}/lianmai.sqlite`);
    file.exec("PRAGMA foreign_keys = OFF; DROP TABLE rooms");
    file.close();
    const { status, body } = await broken.call("POST", "/api/v1/rooms", { token, body: { slug: "xx", title: "x" } });
    expect([status, body]).toEqual([
      500,
      { type: "urn:lianmai:problem:internal", title: "Something went wrong here", status: 500, code: "internal" },
    ]);
    await broken.stop();
  });
});

describe("the description of the API", () => {
  it("is OpenAPI 3.1 and has every route with its refusals", async () => {
    const { body } = await edge.call<{
      openapi: string;
      paths: Record<string, Record<string, { summary: string; responses: Record<string, unknown> }>>;
    }>("GET", "/api/openapi.json");
    expect(body.openapi).toBe("3.1.0");
    const routes = Object.entries(body.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { summary, responses }]) => {
        expect([path, summary]).not.toContain(undefined);
        expect(Object.keys(responses)).toEqual(expect.arrayContaining(["4XX", "5XX"]));
        return `${method.toUpperCase()} ${path}`;
      }),
    );
    expect(routes.sort()).toEqual([
      "DELETE /api/v1/moderation/words/allow",
      "DELETE /api/v1/moderation/words/{id}",
      "DELETE /api/v1/rooms/{slug}",
      "DELETE /api/v1/rooms/{slug}/follow",
      "DELETE /api/v1/rooms/{slug}/moderation/pin",
      "DELETE /api/v1/rooms/{slug}/moderation/users/{user}/member",
      "DELETE /api/v1/rooms/{slug}/moderation/words/allow",
      "DELETE /api/v1/rooms/{slug}/moderation/words/{id}",
      "DELETE /api/v1/rooms/{slug}/stream-keys/{id}",
      "DELETE /api/v1/sessions/{id}",
      "DELETE /api/v1/tenants/{id}",
      "DELETE /api/v1/tenants/{id}/keys/{kid}",
      "GET /api/v1/gifts",
      "GET /api/v1/moderation/audit",
      "GET /api/v1/moderation/words",
      "GET /api/v1/rooms",
      "GET /api/v1/rooms/by-id/{room}/uploads/{id}",
      "GET /api/v1/rooms/{slug}",
      "GET /api/v1/rooms/{slug}/entries",
      "GET /api/v1/rooms/{slug}/entries/export",
      "GET /api/v1/rooms/{slug}/entries/retention",
      "GET /api/v1/rooms/{slug}/follow",
      "GET /api/v1/rooms/{slug}/ingest-health",
      "GET /api/v1/rooms/{slug}/layout",
      "GET /api/v1/rooms/{slug}/leaderboard",
      "GET /api/v1/rooms/{slug}/moderation",
      "GET /api/v1/rooms/{slug}/moderation/audit",
      "GET /api/v1/rooms/{slug}/moderation/holds",
      "GET /api/v1/rooms/{slug}/moderation/raid",
      "GET /api/v1/rooms/{slug}/moderation/reports",
      "GET /api/v1/rooms/{slug}/moderation/users/{user}",
      "GET /api/v1/rooms/{slug}/moderation/words",
      "GET /api/v1/rooms/{slug}/settings",
      "GET /api/v1/rooms/{slug}/stage",
      "GET /api/v1/rooms/{slug}/stream-keys",
      "GET /api/v1/rooms/{slug}/transfers",
      "GET /api/v1/rooms/{slug}/viewing",
      "GET /api/v1/sessions",
      "GET /api/v1/tenants",
      "GET /api/v1/uploads/{id}",
      "GET /api/v1/users/me",
      "GET /api/v1/users/me/moderated-rooms",
      "GET /api/v1/users/me/rooms",
      "GET /api/v1/wallet",
      "PATCH /api/v1/rooms/{slug}/moderation/modes",
      "PATCH /api/v1/rooms/{slug}/settings",
      "POST /api/v1/combos/{id}/end",
      "POST /api/v1/grants",
      "POST /api/v1/moderation/words",
      "POST /api/v1/moderation/words/try",
      "POST /api/v1/payments/top-ups",
      "POST /api/v1/room/events",
      "POST /api/v1/room/frames/{sid}",
      "POST /api/v1/room/token",
      "POST /api/v1/rooms",
      "POST /api/v1/rooms/{slug}/end",
      "POST /api/v1/rooms/{slug}/gifts",
      "POST /api/v1/rooms/{slug}/moderation/acts",
      "POST /api/v1/rooms/{slug}/moderation/holds/{id}",
      "POST /api/v1/rooms/{slug}/moderation/reports/{id}",
      "POST /api/v1/rooms/{slug}/moderation/stop",
      "POST /api/v1/rooms/{slug}/moderation/undo",
      "POST /api/v1/rooms/{slug}/moderation/users/{user}/notes",
      "POST /api/v1/rooms/{slug}/moderation/words",
      "POST /api/v1/rooms/{slug}/moderation/words/try",
      "POST /api/v1/rooms/{slug}/paid-messages",
      "POST /api/v1/rooms/{slug}/reports",
      "POST /api/v1/rooms/{slug}/stream-keys",
      "POST /api/v1/rooms/{slug}/stream-keys/{id}/rotate",
      "POST /api/v1/rooms/{slug}/transfers/{tx}/refund",
      "POST /api/v1/rooms/{slug}/uploads",
      "POST /api/v1/sessions",
      "POST /api/v1/tenants",
      "POST /api/v1/tenants/{id}/keys",
      "POST /api/v1/transfers/{tx}/refund",
      "POST /api/v1/users",
      "POST /api/v1/users/me/password",
      "POST /api/v1/viewer",
      "PUT /api/v1/gifts",
      "PUT /api/v1/moderation/words/allow",
      "PUT /api/v1/rooms/{slug}/entries/retention",
      "PUT /api/v1/rooms/{slug}/follow",
      "PUT /api/v1/rooms/{slug}/layout",
      "PUT /api/v1/rooms/{slug}/moderation/pin",
      "PUT /api/v1/rooms/{slug}/moderation/raid",
      "PUT /api/v1/rooms/{slug}/moderation/users/{user}/member",
      "PUT /api/v1/rooms/{slug}/moderation/words/allow",
    ]);
  });

  it("has a page that loads nothing from elsewhere", async () => {
    const page = await fetch(`${edge.url}/api/docs/`);
    const html = await page.text();
    const sources = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, source = ""]) => source);
    expect(sources.length).toBeGreaterThan(3);
    expect(sources.filter((source) => /^(?:https?:)?\/\//.test(source))).toEqual([]);
    for (const source of sources) expect((await fetch(new URL(source, `${edge.url}/api/docs/`))).status).toBe(200);
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
  });
});

describe("pages", () => {
  const html = { accept: "text/html" };
  it("are said to be missing until they are built", async () => {
    const page = await edge.call<string>("GET", "/", { headers: html });
    expect([page.status, page.body.includes("npm start")]).toEqual([503, true]);
    expect((await edge.call("GET", "/", { headers: { accept: "*/*" } })).body.code).toBe("pages-missing");
  });

  it("are served for every path of the application, hashed files for ever", async () => {
    await mkdir(join(pages, "assets"));
    await writeFile(join(pages, "index.html"), "<!doctype html><title>Player</title>");
    await writeFile(join(pages, "assets/app-1a2b3c.js"), "export {}");
    for (const path of ["/", "/r/some-room", "/host?x=1"]) {
      const page = await edge.call<string>("GET", path, { headers: html });
      expect([path, page.status, page.headers.get("cache-control")]).toEqual([path, 200, "no-cache"]);
      expect(page.body).toContain("Player");
      expect(page.headers.get("content-security-policy")).toContain("media-src 'self' blob: data:");
      expect(page.headers.get("x-powered-by")).toBeNull();
    }
    const asset = await edge.call("GET", "/assets/app-1a2b3c.js");
    expect(asset.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(asset.headers.get("content-type")).toContain("javascript");
    for (const path of ["/assets/gone.js", "/api/x", "/live/x/y/z.m4s", "/ws/x"]) {
      expect([path, (await edge.call("GET", path, { headers: html })).status]).toEqual([path, 404]);
    }
    expect((await edge.call("GET", "/favicon.ico")).status).toBe(404);
    expect((await edge.call("GET", "/..%2f..%2fetc%2fpasswd")).status).toBeGreaterThanOrEqual(400);
  });
});

describe("behind a proxy", () => {
  it("clients are told apart by the address the proxy added, and by no other", async () => {
    const trusting = await startTestEdge(redis, { env: { TRUST_PROXY: "true" }, rateLimits: { signInPerMinute: 1 } });
    const signIn = (forwarded: string, which = trusting) =>
      which
        .call("POST", "/api/v1/sessions", {
          body: { name: "nobody", password: "x" },
          headers: { "x-forwarded-for": forwarded },
        })
        .then(({ status }) => status);
    expect(await signIn("203.0.113.1")).toBe(401);
    expect(await signIn("203.0.113.2")).toBe(401);
    expect(await signIn("198.51.100.7, 203.0.113.1")).toBe(429);
    await trusting.stop();
    const direct = await startTestEdge(redis, { rateLimits: { signInPerMinute: 1 } });
    expect([await signIn("203.0.113.1", direct), await signIn("203.0.113.2", direct)]).toEqual([401, 429]);
    await direct.stop();
  });
});

describe("operator routes", () => {
  it("tell health to anybody and metrics to this machine and to admins", async () => {
    expect((await edge.call("GET", "/healthz")).status).toBe(200);
    const ready = await edge.call<{ ready: boolean }>("GET", "/readyz");
    expect([ready.status, ready.body.ready]).toEqual([200, true]);
    expect((await edge.call<string>("GET", "/metrics")).body).toContain("lianmai_edge_viewers");
    const headers = { "x-forwarded-for": "203.0.113.9" };
    expect((await edge.call("GET", "/metrics", { headers })).status).toBe(401);
    const { token } = await edge.signUp("Ann");
    expect((await edge.call("GET", "/metrics", { headers, token })).status).toBe(403);
    const admin = await edge.call<Session>("POST", "/api/v1/sessions", { body: { name: "admin", password: PASSWORD } });
    expect((await edge.call("GET", "/metrics", { headers, token: admin.body.token })).status).toBe(200);
  });
});
