import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { sessionRoutes } from "./session-routes.ts";

const SESSION = { etag: '"e1"', usernameFragment: "abcd", close: () => {} };
let server: Server;
let url: string;
beforeAll(async () => {
  const routes = sessionRoutes({
    name: "whip",
    iceServers: () => [],
    sessions: {
      start: async () => ({ kind: "created", sessionId: "s1", sdp: "v=0", etag: SESSION.etag }),
      find: (room, sessionId) => (room === "tea" && sessionId === "s1" ? SESSION : undefined),
    },
  });
  server = createServer((request, response) => void routes(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/whip/tea/s1`;
});
afterAll(() => {
  server.close();
});

async function patch(lines: readonly string[], headers: Readonly<Record<string, string>> = {}) {
  const response = await fetch(url, {
    method: "PATCH",
    headers: { "content-type": "application/trickle-ice-sdpfrag", ...headers },
    body: lines.map((line) => `${line}\r\n`).join(""),
  });
  const text = await response.text();
  const code = text === "" ? "" : (JSON.parse(text) as { readonly code: string }).code;
  return { status: response.status, code, headers: response.headers };
}

const CANDIDATE = "a=candidate:1 1 udp 2113937151 192.0.2.1 4000 typ host";

it("takes candidates of the session's own ICE credentials", async () => {
  expect(await patch(["a=ice-ufrag:abcd", "a=ice-pwd:abcdefghijklmnopqrstuvwx", CANDIDATE])).toMatchObject({
    status: 204,
    code: "",
  });
});

it("answers 422 to an ICE restart, and does not say that PATCH is not allowed (RFC 9725 4.3.1)", async () => {
  const answer = await patch(["a=ice-ufrag:other", "a=ice-pwd:abcdefghijklmnopqrstuvwx", CANDIDATE], {
    "if-match": "*",
  });
  expect(answer).toMatchObject({ status: 422, code: "ice-restart-unsupported" });
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  expect(answer.headers.get("allow")).toBeNull();
});

it("refuses what is no fragment, another ETag and another type, each by its own code", async () => {
  expect(await patch(["hello"])).toMatchObject({ status: 400, code: "fragment-unreadable" });
  expect(await patch([CANDIDATE], { "if-match": '"e2"' })).toMatchObject({ status: 412, code: "etag-wrong" });
  expect(await patch([CANDIDATE], { "content-type": "application/sdp" })).toMatchObject({ status: 415 });
});
