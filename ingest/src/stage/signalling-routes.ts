import type { IncomingMessage, ServerResponse } from "node:http";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { takeoverSchema } from "../contract.ts";
import { sendStageError } from "../rtc/errors.ts";
import { readBody } from "../rtc/read-body.ts";
import { MAX_SDP_CHARACTERS, type StageReply, stageRequestSchema } from "../signalling.ts";
import { type StageActor, stageActorSchema } from "../stage-contract.ts";
import type { Member } from "./member.ts";
import type { StageRoom } from "./room.ts";
import type { Caller } from "./room-options.ts";
import type { StageRooms } from "./rooms.ts";

/** Set by the edge: who asks, as JSON; with the room's policy when it is the host. */
export const ACTOR_HEADER = "x-lianmai-actor";
const callerSchema = Type.Object({ ...stageActorSchema.properties, takeover: Type.Optional(takeoverSchema) });
const PING_EVERY_MS = 10_000;
/** Replies that wait for a slow browser; then it is let go, and comes back to a fresh start. */
const QUEUE_BYTES = 1024 * 1024;
/** Requests of one browser in ten seconds. */
const MAX_REQUESTS = 200;
const REQUEST_WINDOW_MS = 10_000;

interface Stream {
  readonly room: StageRoom;
  readonly member: Member;
  requests: number;
}

/**
 * `GET /stage/:room/events`: the browser's replies as server-sent events. `POST /stage/:room/requests/:connection`:
 * its requests, answered 202; what comes of them is an event. Returns false for any other path.
 */
export function signallingRoutes(rooms: StageRooms): (request: IncomingMessage, response: ServerResponse) => boolean {
  const streams = new Map<string, Stream>();
  const timer = setInterval(() => {
    for (const stream of streams.values()) stream.requests = 0;
  }, REQUEST_WINDOW_MS);
  timer.unref();
  return (request, response) => {
    const [path = ""] = (request.url ?? "").split("?", 1);
    const [, first, room, what, connectionId = ""] = path.split("/");
    if (first !== "stage" || !room) return false;
    const caller = readCaller(request);
    if (caller && what === "events")
      settle(response, openStream(rooms, room, { actor: caller.actor, streams, response }));
    else if (caller && what === "requests")
      settle(response, take(streams.get(connectionId), caller, request, response));
    else sendStageError(response, "not-found");
    return true;
  };
}

function settle(response: ServerResponse, work: Promise<void>): void {
  work.catch(() => {
    if (!response.headersSent) sendStageError(response, "unavailable");
  });
}

async function openStream(
  rooms: StageRooms,
  name: string,
  parts: { readonly actor: StageActor; readonly streams: Map<string, Stream>; readonly response: ServerResponse },
): Promise<void> {
  const { actor, streams, response } = parts;
  const room = await rooms.open(name);
  if (room === "moved" || room === "full") {
    sendStageError(response, room === "moved" ? "stage-moved" : "stage-full");
    return;
  }
  const write = (reply: StageReply) => {
    if (response.destroyed || response.writableEnded) return;
    if (response.writableLength > QUEUE_BYTES) response.destroy();
    else response.write(`data: ${JSON.stringify(reply)}\n\n`);
    if (reply.kind === "bye") response.end();
  };
  // Nothing may be written before the head, and `open` welcomes at once.
  const head = { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" };
  let started = false;
  const member = room.open(actor, {
    send(reply) {
      if (!started) response.writeHead(200, head);
      started = true;
      write(reply);
    },
    end: () => response.destroy(),
  });
  if (!member) {
    sendStageError(response, "stage-full");
    return;
  }
  streams.set(member.connectionId, { room, member, requests: 0 });
  const ping = setInterval(() => write({ kind: "pong" }), PING_EVERY_MS);
  response.on("error", () => {});
  response.on("close", () => {
    clearInterval(ping);
    streams.delete(member.connectionId);
    room.closed(member);
  });
}

async function take(
  stream: Stream | undefined,
  caller: Caller,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!stream || stream.member.actor.userId !== caller.actor.userId) {
    sendStageError(response, "session-gone");
    return;
  }
  stream.requests += 1;
  if (stream.requests > MAX_REQUESTS) {
    sendStageError(response, "too-many-requests", { headers: { "retry-after": "10" } });
    return;
  }
  const text = await readBody(request, 2 * MAX_SDP_CHARACTERS);
  const message = text === undefined ? undefined : parse(text);
  if (!Value.Check(stageRequestSchema, message)) {
    sendStageError(response, "bad-message");
    return;
  }
  response.writeHead(202, { "cache-control": "no-store" }).end();
  await stream.room.request(stream.member, message, caller);
}

function readCaller(request: IncomingMessage): Caller | undefined {
  const header = request.headers[ACTOR_HEADER];
  const value = typeof header === "string" ? parse(decodeURIComponent(header)) : undefined;
  if (!Value.Check(callerSchema, value)) return undefined;
  const { takeover, ...actor } = value;
  return { actor, takeover: takeover ?? "refuse" };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
