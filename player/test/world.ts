/** A small server for browser tests: the built pages, an API in memory, and media from a directory. */
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import type { NewStreamKey, Problem, Room, RoomHostSettings, RoomIngestHealth, SessionSummary, StreamKey, User } from "@lianmai/edge/protocol";

/** Everything the pages can see; tests change it while pages are open. */
export type World = {
  user: User | undefined;
  rooms: Room[];
  keys: StreamKey[];
  sessions: SessionSummary[];
  settings: RoomHostSettings;
  health: RoomIngestHealth;
  /** Answered to every API request while set. */
  failure: Problem | undefined;
  /** Answered to the next sign-in or sign-up. */
  signInFailure: Problem | undefined;
  /** Requests seen, as "METHOD path?query". */
  readonly seen: string[];
};

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".m3u8": "application/vnd.apple.mpegurl",
  ".ts": "video/mp2t",
  ".m4s": "video/mp4",
  ".mp4": "video/mp4",
  ".jpg": "image/jpeg",
};

/** A world with nothing in it. */
export function emptyWorld(): World {
  return {
    user: undefined,
    rooms: [],
    keys: [],
    sessions: [],
    settings: { title: "", coverUrl: "", takeover: "refuse", graceMs: 60_000, partTargetMs: 333 },
    health: { publishing: false, publication: null, health: null },
    failure: undefined,
    signInFailure: undefined,
    seen: [],
  };
}

/** A room of this name; on air when a program is given. */
export function roomOf(slug: string, title: string, host: string, programId?: string, change: Partial<NonNullable<Room["live"]>> = {}): Room {
  return {
    slug,
    title,
    coverUrl: "",
    host: { id: host, name: host },
    createdAtMs: Date.now() - 86_400_000,
    live: programId
      ? {
          at: "live",
          programId,
          startedAtMs: Date.now() - 754_000,
          playlistPath: `/live/${slug}/index.m3u8`,
          thumbnailPath: `/live/${slug}/thumbnail.jpg`,
          viewers: 1_284,
          partTargetMs: 333,
          renditions: [
            { name: "720p", width: 1280, height: 720, fps: 30, bitsPerSecond: 2_500_000 },
            { name: "480p", width: 854, height: 480, fps: 30, bitsPerSecond: 1_200_000 },
          ],
          note: "",
          ...change,
        }
      : null,
  };
}

/** Where a world's files are; `first` may answer a request before anything else looks at it. */
export type WorldPlaces = {
  readonly dist: string;
  readonly media: string;
  readonly port?: number;
  readonly first?: (request: IncomingMessage, response: ServerResponse) => boolean;
};

/** A world being served. */
export type ServedWorld = { readonly origin: string; readonly port: number; readonly close: () => Promise<void> };

/** Serves a world on a port of its own, or the one asked for. */
export async function serveWorld(world: World, places: WorldPlaces): Promise<ServedWorld> {
  const { dist, media, port = 0, first } = places;
  const server: Server = createServer((request, response) => {
    if (first?.(request, response)) return;
    void answer(world, request, response, { dist, media }).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const bound = (server.address() as AddressInfo).port;
  return {
    origin: `http://127.0.0.1:${bound}`,
    port: bound,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(world: World, request: IncomingMessage, response: ServerResponse, places: { dist: string; media: string }): Promise<void> {
  const url = new URL(request.url ?? "/", "http://localhost");
  world.seen.push(`${request.method} ${url.pathname}${url.search}`);
  if (url.pathname.startsWith("/api/v1/")) return api(world, request, response, url);
  const path = normalize(decodeURIComponent(url.pathname));
  if (path.startsWith("/live/")) return file(response, join(places.media, path.slice("/live".length)), "no-store");
  const asset = join(places.dist, path);
  if (extname(path) && existsSync(asset)) return file(response, asset, "public, max-age=31536000, immutable");
  return file(response, join(places.dist, "index.html"), "no-cache");
}

function file(response: ServerResponse, path: string, cache: string): void {
  if (!existsSync(path) || !statSync(path).isFile()) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "application/octet-stream", "content-length": statSync(path).size, "cache-control": cache });
  createReadStream(path).pipe(response);
}

async function api(world: World, request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
  const body = await read(request);
  const send = (status: number, value?: unknown): void => {
    response.writeHead(status, { "content-type": status >= 400 ? "application/problem+json" : "application/json" });
    response.end(value === undefined ? undefined : JSON.stringify(value));
  };
  const problem = (status: number, code: string): void => send(status, { type: `urn:lianmai:problem:${code}`, title: code, status, code });
  if (world.failure) return send(world.failure.status, world.failure);
  const path = url.pathname.slice("/api/v1".length);
  const operation = `${request.method} ${path}`;
  const [, , slug, what, id, deed] = path.split("/");
  const room = world.rooms.find((item) => item.slug === slug);

  if (operation === "POST /sessions" || operation === "POST /users") {
    if (world.signInFailure) return send(world.signInFailure.status, world.signInFailure);
    world.user = { id: "me", name: String(body.name), role: "user", createdAtMs: Date.now() };
    return send(201, { token: "t", user: world.user, expiresAtMs: Date.now() + 1e9 });
  }
  if (operation === "GET /rooms") return send(200, { rooms: world.rooms, nextCursor: null });
  if (request.method === "GET" && path.startsWith("/rooms/") && what === undefined) return room ? send(200, room) : problem(404, "room-not-found");
  if (!world.user) return problem(401, "not-signed-in");
  if (operation === "GET /users/me") return send(200, world.user);
  if (operation === "DELETE /sessions/current") {
    world.user = undefined;
    return send(204);
  }
  if (operation === "GET /sessions") return send(200, { sessions: world.sessions });
  if (request.method === "DELETE" && path.startsWith("/sessions/")) {
    world.sessions = world.sessions.filter((item) => item.id !== path.split("/")[2]);
    return send(204);
  }
  if (operation === "POST /users/me/password") return send(204);
  if (operation === "GET /users/me/rooms") return send(200, { rooms: world.rooms.filter((item) => item.host.id === world.user?.id) });
  if (operation === "POST /rooms") {
    if (world.rooms.some((item) => item.slug === body.slug)) return problem(409, "slug-taken");
    const made = { ...roomOf(String(body.slug), String(body.title), world.user.name), host: { id: "me", name: world.user.name } };
    world.rooms.push(made);
    return send(201, made);
  }
  if (!room) return problem(404, "room-not-found");
  if (what === "settings") {
    if (request.method === "PATCH") Object.assign(world.settings, body);
    return send(200, world.settings);
  }
  if (what === "ingest-health") return send(200, world.health);
  if (what === "end") {
    room.live = null;
    return send(204);
  }
  if (what === "stream-keys") return streamKeys(world, send, { method: request.method ?? "", id, deed, label: String(body.label) });
  return problem(404, "not-found");
}

function streamKeys(world: World, send: (status: number, value?: unknown) => void, asked: { method: string; id: string | undefined; deed: string | undefined; label: string }): void {
  const made = (label: string): NewStreamKey => {
    const streamKey: StreamKey = { id: `k${world.keys.length + 1}`, label, hint: "x7Qp", state: "active", createdAtMs: Date.now() };
    world.keys = [streamKey, ...world.keys];
    return { key: "live_4f9K2mTq8ZsWv1Lr6Yx7Qp", streamKey, server: "rtmp://127.0.0.1:1935/live", pending: false };
  };
  const key = world.keys.find((item) => item.id === asked.id);
  if (asked.method === "GET") send(200, { streamKeys: world.keys });
  else if (asked.method === "DELETE") {
    world.keys = world.keys.map((item) => (item === key ? { ...item, state: "revoked" } : item));
    send(204);
  } else if (asked.deed === "rotate" && key) {
    world.keys = world.keys.map((item) => (item === key ? { ...item, state: "retired" } : item));
    send(201, made(key.label));
  } else send(201, made(asked.label));
}

async function read(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text ? (JSON.parse(text) as Record<string, unknown>) : {};
}
