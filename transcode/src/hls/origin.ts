/** The origin: every live program's playlists and media under /live/, on a raw node:http server of the caller's. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock, Logger, Metrics } from "@lianmai/process";
import type { OriginErrorCode } from "./errors.ts";
import { createOriginMetrics } from "./origin-metrics.ts";
import type { OriginProgram } from "./origin-program.ts";
import { LIVE_PREFIX, readPath, type Target } from "./paths.ts";
import { type Exchange, exchangeOf, sendError, sendPreflight } from "./respond.ts";
import { ProgramServer } from "./serve-program.ts";

export interface OriginOptions {
  readonly clock: Clock;
  readonly logger?: Logger;
  readonly metrics?: Metrics;
  /** Requests of one program that may be parked at a time. */
  readonly maxWaiting?: number;
}

/** Serves programs by room. All of it on one thread: each call is atomic to the clients. */
export interface Origin {
  /** Serves a program, as its room's newest; one with the same id (an earlier epoch) is dropped. */
  add(program: OriginProgram): void;
  /** Stops serving a program at once. */
  remove(program: OriginProgram): void;
  /** True when the request is the origin's; the answer may come later. */
  handle(request: IncomingMessage, response: ServerResponse): boolean;
  /** Budgets and expiry; runs by itself every {@link TICK_MS}. */
  tick(): void;
  /** Requests parked now, over all programs. */
  waiting(): number;
  /** Drops all programs and the timer. Idempotent. */
  close(): void;
}

export const TICK_MS = 50;
/** A program's media stays this long after its end, for players to finish. */
export const KEEP_ENDED_MS = 60_000;
const MAX_WAITING = 4_000;
const MAX_TARGET_LENGTH = 2_048;

interface Served {
  readonly server: ProgramServer;
  endedAtMs: number | null;
}

/** Starts a timer: {@link Origin.close} stops it. */
export function createOrigin(options: OriginOptions): Origin {
  /** By room: its programs by id, the newest last. */
  const rooms = new Map<string, Map<string, Served>>();
  const nowMs = (): number => options.clock.monotonicMs();
  const all = (): Served[] => [...rooms.values()].flatMap((programs) => [...programs.values()]);
  const metrics = createOriginMetrics(options.metrics, {
    programs: () => all().length,
    waiting: () => all().map(({ server }) => server.waiting()),
  });

  function add(program: OriginProgram): void {
    const programs = rooms.get(program.room) ?? new Map<string, Served>();
    rooms.set(program.room, programs);
    const earlier = programs.get(program.programId);
    if (earlier) remove(earlier.server.program);
    const server = new ProgramServer(program, {
      nowMs,
      maxWaiting: options.maxWaiting ?? MAX_WAITING,
      counters: metrics,
    });
    const served: Served = { server, endedAtMs: program.ended ? nowMs() : null };
    rooms.set(program.room, programs.set(program.programId, served));
    program.observe({
      changed: (rendition) => server.changed(rendition),
      gone: (rendition) => server.gone(rendition),
      published: (part) => metrics.published(part),
      ended: () => {
        served.endedAtMs = nowMs();
      },
    });
  }

  function remove(program: OriginProgram): void {
    const programs = rooms.get(program.room);
    const served = programs?.get(program.programId);
    if (!programs || served?.server.program !== program) return;
    program.observe(null);
    programs.delete(program.programId);
    if (programs.size === 0) rooms.delete(program.room);
    served.server.close();
  }

  function tick(): void {
    for (const { server, endedAtMs } of all()) {
      server.tick();
      if (endedAtMs !== null && nowMs() - endedAtMs > KEEP_ENDED_MS) remove(server.program);
    }
  }

  /** Null when it is answered. */
  function serve(exchange: Exchange, target: Target, query: string): OriginErrorCode | null {
    const programs = rooms.get(target.room);
    const newest = programs && [...programs.values()].at(-1);
    if (!programs || !newest) return "room-not-live";
    if (target.kind === "multivariant") {
      newest.server.multivariant(exchange);
    } else if (target.kind === "thumbnail") {
      newest.server.thumbnail(exchange);
    } else {
      const served = programs.get(target.programId);
      if (!served) return "program-gone";
      served.server.rendition(exchange, target, query);
    }
    return null;
  }

  /** Null when it is answered. */
  function route(exchange: Exchange, method: string, url: string): OriginErrorCode | null {
    if (url.length > MAX_TARGET_LENGTH) return "uri-too-long";
    if (method !== "GET" && method !== "HEAD") return "method-not-allowed";
    const [path = "", query = ""] = splitOnce(url, "?");
    const target = readPath(path);
    return target ? serve(exchange, target, query) : "not-found";
  }

  function handle(request: IncomingMessage, response: ServerResponse): boolean {
    const { url = "", method = "" } = request;
    if (!url.startsWith(LIVE_PREFIX)) return false;
    const exchange = exchangeOf(request, response);
    try {
      const code = method === "OPTIONS" ? sendPreflight(exchange) : route(exchange, method, url);
      if (code) metrics.answered("other", sendError(exchange, code), 0);
    } catch (error) {
      options.logger?.error({ err: error, url }, "origin failed to answer");
      if (response.headersSent) response.destroy();
      else sendError(exchange, "internal-error");
    }
    return true;
  }

  const timer = setInterval(tick, TICK_MS);
  timer.unref();
  return {
    add,
    remove,
    handle,
    tick,
    waiting: () =>
      all().reduce((sum, { server }) => {
        const { multivariant, playlist, part } = server.waiting();
        return sum + multivariant + playlist + part;
      }, 0),
    close() {
      clearInterval(timer);
      for (const { server } of all()) remove(server.program);
    },
  };
}

function splitOnce(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
}
