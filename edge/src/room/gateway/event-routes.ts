import type { ServerResponse } from "node:http";
import { Type } from "typebox";
import { ProblemError } from "../../errors.ts";
import { answers, nothing } from "../../http/answers.ts";
import type { App } from "../../http/create-app.ts";
import { MAX_CLIENT_FRAME_BYTES } from "../../protocol/room/limits.ts";
import type { Gateway } from "./gateway.ts";
import { outFrame } from "./out-frame.ts";
import type { Outlet } from "./outlet.ts";

const tags = ["room"];

/**
 * The room protocol where WebSockets do not pass: frames of the server as server-sent events, frames of the client by
 * POST. The answer's first event is `welcome`, whose `sid` the POSTs name.
 */
export function eventRoutes(app: App, parts: { readonly gateway: Gateway }): void {
  const { gateway } = parts;
  app.post(
    "/api/v1/room/events",
    {
      schema: {
        summary: "Open a room connection as server-sent events",
        description: "The body is a `hello` frame. See the protocol document.",
        tags,
        body: Type.Unknown(),
        response: answers({ 200: Type.String({ description: "text/event-stream" }) }),
      },
    },
    async (request, reply) => {
      const waitMs = gateway.admit(request.ip);
      if (waitMs === undefined) throw new ProblemError("overloaded", { retryAfterMs: 5_000 });
      if (waitMs > 0) throw new ProblemError("too-many-requests", { retryAfterMs: waitMs });
      reply.hijack();
      const response = reply.raw;
      response.socket?.setTimeout(0);
      response.writeHead(200, {
        "content-type": "text/event-stream",
        "cache-control": "no-store",
        "x-accel-buffering": "no",
      });
      response.flushHeaders();
      const connection = gateway.open(outletOf(response), "events");
      response.on("error", () => undefined);
      response.on("close", () => gateway.ended(connection));
      connection.receive(textOf(request.body));
    },
  );
  app.post(
    "/api/v1/room/frames/:sid",
    {
      bodyLimit: MAX_CLIENT_FRAME_BYTES,
      schema: {
        summary: "Send a frame of a room connection opened as events",
        tags,
        params: Type.Object({ sid: Type.String({ minLength: 8, maxLength: 64 }) }),
        body: Type.Unknown(),
        response: answers({ 204: nothing }),
      },
    },
    async (request, reply) => {
      const connection = gateway.find(request.params.sid);
      if (!connection) throw new ProblemError("connection-not-found");
      connection.receive(textOf(request.body));
      return reply.code(204).send(null);
    },
  );
}

/** A body as text; "", which is no frame, when there is none or it is too deep to be written. */
function textOf(body: unknown): string {
  try {
    return JSON.stringify(body) ?? "";
  } catch {
    return "";
  }
}

function outletOf(response: ServerResponse): Outlet {
  return {
    get buffered() {
      return response.writableLength;
    },
    send(frame) {
      if (!response.writableEnded) response.write(frame.events);
    },
    close(code) {
      if (response.writableEnded) return;
      response.end(outFrame({ t: "ctl", ctl: "close", code }).events, () => response.socket?.destroySoon());
    },
    destroy: () => void response.socket?.destroy(),
  };
}
