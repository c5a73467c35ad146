/** A small server for browser tests: the built pages, an API in memory, and media from a directory. */
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import type {
  NewStreamKey,
  Problem,
  Room,
  RoomHostSettings,
  RoomIngestHealth,
  SessionSummary,
  StreamKey,
  User,
} from "@lianmai/edge/protocol";

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
    settings: { title: "", coverUrl: "", takeover: "refuse", graceMs: 60_000, partTargetMs: 333, webrtc: false },
    health: { publishing: false, publication: null, health: null },
    failure: undefined,
    signInFailure: undefined,
    seen: [],
  };
}

/** A room of this name; on air when a program is given. */
export function roomOf(
  slug: string,
  title: string,
  host: string,
  programId?: string,
  change: Partial<NonNullable<Room["live"]>> = {},
): Room {
  return {
    slug,
    title,
    coverUrl: "",
    host: { id: host, name: host },
    createdAtMs: Date.now() - 86_400_000,
    webrtc: false,
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

async function answer(
  world: World,
  request: IncomingMessage,
  response: ServerResponse,
  places: { dist: string; media: string },
): Promise<void> {
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
  response.writeHead(200, {
    "content-type": TYPES[extname(path)] ?? "application/octet-stream",
    "content-length": statSync(path).size,
    "cache-control": cache,
  });
  createReadStream(path).pipe(response);
}

/** One request as the operations below see it. */
type Asked = {
  readonly world: World;
  readonly body: Record<string, unknown>;
  readonly parts: readonly string[];
  readonly send: (status: number, value?: unknown) => void;
  readonly problem: (status: number, code: string) => void;
};

const roomAsked = ({ world, parts }: Asked): Room | undefined => world.rooms.find((item) => item.slug === parts[1]);

function enter({ world, body, send }: Asked): void {
  if (world.signInFailure) {
    send(world.signInFailure.status, world.signInFailure);
    return;
  }
  world.user = { id: "me", name: String(body["name"]), role: "user", createdAtMs: Date.now() };
  send(201, { token: "t", user: world.user, expiresAtMs: Date.now() + 1e9 });
}

/** Operations for everybody; `*` stands for one path segment. */
const OPEN: Readonly<Record<string, (asked: Asked) => void>> = {
  "POST /sessions": enter,
  "POST /users": enter,
  "GET /rooms": ({ world, send }) => send(200, { rooms: world.rooms, nextCursor: null }),
  "GET /rooms/*": (asked) => {
    const room = roomAsked(asked);
    return room ? asked.send(200, room) : asked.problem(404, "room-not-found");
  },
};

/** Operations for whoever is signed in. */
const OWN: Readonly<Record<string, (asked: Asked) => void>> = {
  "GET /users/me": ({ world, send }) => send(200, world.user),
  "DELETE /sessions/current": ({ world, send }) => {
    world.user = undefined;
    send(204);
  },
  "GET /sessions": ({ world, send }) => send(200, { sessions: world.sessions }),
  "DELETE /sessions/*": ({ world, parts, send }) => {
    world.sessions = world.sessions.filter((item) => item.id !== parts[1]);
    send(204);
  },
  "POST /users/me/password": ({ send }) => send(204),
  "GET /users/me/rooms": ({ world, send }) =>
    send(200, { rooms: world.rooms.filter((item) => item.host.id === world.user?.id) }),
  "POST /rooms": ({ world, body, send, problem }) => {
    if (world.rooms.some((item) => item.slug === body["slug"])) return problem(409, "slug-taken");
    const name = world.user?.name ?? "";
    const made = { ...roomOf(String(body["slug"]), String(body["title"]), name), host: { id: "me", name } };
    world.rooms.push(made);
    send(201, made);
  },
  "GET /rooms/*/settings": ({ world, send }) => send(200, world.settings),
  "PATCH /rooms/*/settings": ({ world, body, send }) => send(200, Object.assign(world.settings, body)),
  "GET /rooms/*/ingest-health": ({ world, send }) => send(200, world.health),
  "POST /rooms/*/end": (asked) => {
    const room = roomAsked(asked);
    if (room) room.live = null;
    asked.send(204);
  },
  "GET /rooms/*/stream-keys": ({ world, send }) => send(200, { streamKeys: world.keys }),
  "POST /rooms/*/stream-keys": ({ world, parts, body, send }) =>
    send(201, newKey(world, parts[1] ?? "", String(body["label"]))),
  "POST /rooms/*/stream-keys/*/rotate": ({ world, parts, send }) => {
    const key = world.keys.find((item) => item.id === parts[3]);
    world.keys = world.keys.map((item) => (item === key ? { ...item, state: "retired" } : item));
    send(201, newKey(world, parts[1] ?? "", key?.label ?? ""));
  },
  "DELETE /rooms/*/stream-keys/*": ({ world, parts, send }) => {
    world.keys = world.keys.map((item) => (item.id === parts[3] ? { ...item, state: "revoked" } : item));
    send(204);
  },
};

async function api(world: World, request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
  const send = (status: number, value?: unknown): void => {
    response.writeHead(status, { "content-type": status >= 400 ? "application/problem+json" : "application/json" });
    response.end(value === undefined ? undefined : JSON.stringify(value));
  };
  const problem = (status: number, code: string): void =>
    send(status, { type: `urn:lianmai:problem:${code}`, title: code, status, code });
  const body = await read(request);
  if (world.failure) return send(world.failure.status, world.failure);
  const parts = url.pathname.slice("/api/v1/".length).split("/");
  const asked: Asked = { world, body, parts, send, problem };
  const open = operation(OPEN, request.method, parts);
  if (open) return open(asked);
  if (!world.user) return problem(401, "not-signed-in");
  const own = operation(OWN, request.method, parts);
  return own ? own(asked) : problem(404, "not-found");
}

function operation<Handler>(
  table: Readonly<Record<string, Handler>>,
  method = "",
  parts: readonly string[],
): Handler | undefined {
  const exact = table[`${method} /${parts.join("/")}`];
  const starred = `${method} /${parts.map((part, index) => (index % 2 === 1 ? "*" : part)).join("/")}`;
  return exact ?? table[starred];
}

function newKey(world: World, slug: string, label: string): NewStreamKey {
  const id = `k${world.keys.length + 1}`;
  const streamKey: StreamKey = { id, label, hint: "x7Qp", state: "active", createdAtMs: Date.now() };
  world.keys = [streamKey, ...world.keys];
  return {
    key: "live_4f9K2mTq8ZsWv1Lr6Yx7Qp",
    streamKey,
    server: "rtmp://127.0.0.1:1935/live",
    whipUrl: `http://127.0.0.1:8080/whip/${slug}`,
    pending: false,
  };
}

async function read(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text ? (JSON.parse(text) as Record<string, unknown>) : {};
}
